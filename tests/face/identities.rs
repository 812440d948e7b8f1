//! Identities on their page: one that Ravi provides is made by the form, and says so.

use crate::browser;
use tests::ravi_house::RaviHouse;

#[test]
fn an_identity_of_ravis_is_made_by_the_form_and_says_who_provides_it() {
    let house = RaviHouse::new();
    let furnish = |world: &tests::World| {
        house.add(world);
        world.seat(1, "ada", "API_KEY", "value");
    };
    browser::with(furnish, |world, page| {
        page.click("place-identities");
        page.click("new-identity");
        page.fill("identity-name", "build-9");
        page.choose("identity-provider", "Ravi, by the source ravi");
        page.click("identity-number");
        page.shot("identity-of-ravi");
        page.click("create-identity");
        page.says("identity-build-9", "build-9@in.ravi.test");
        page.until("[...document.querySelectorAll('.tag')].some(tag => tag.innerText === 'Ravi')");
        page.shot("identities-of-ravi");
        let made = world.json(&["identity", "show", "build-9"]);
        assert!(made["phone"].as_str().is_some_and(|phone| phone.starts_with("+1555")), "{made}");
        world.lanyard(&["slot", "set", "1", "--identity", "build-9"]).ok();
        page.click("place-slots");
        page.says("badge-1", "build-9@in.ravi.test");
        page.shot("badge-of-ravi");
    });
}
