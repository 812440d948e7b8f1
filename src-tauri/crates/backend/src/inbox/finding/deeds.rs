//! The words of links in many languages, as tables of patterns over folded text: what a link does.

use super::pattern::pattern;
use regex::Regex;
use std::sync::LazyLock;

/// To verify, confirm or activate: stems, since languages bend them.
const VERIFY: &[&str] = &[
    r"\b(?:re-?)?(?:verif\w*|confirm\w*|activat\w*|validat\w*|authenticate|approve|authori[sz]e|unlock|complete (?:your |the |my )?(?:registration|sign-?up|account|profile set-?up)|finish (?:signing up|setting up|your registration|creating)|opt[- ]?in|yes,? (?:subscribe|sign) me|redeem|(?:this|it|that) was me|das war ich|c'etait moi|fui yo|fui eu|sono stato io|dat was ik|to ja)\b",
    r"\b(?:bestatig\w*|bestaetig\w*|verifizier\w*|aktivier\w*|freischalt\w*|freigeben|registrierung abschliessen)\b",
    r"\b(?:verifi\w*|confirm\w*|activ(?:er|ez|e|ation)|valid\w*|terminer (?:mon |votre )?inscription|deverrouill\w*|autoris\w*)\b",
    r"\b(?:verific\w*|activ[aeo]\w*|activar\w*|validar\w*|autoriz\w*|desbloque\w*|ativ[aeo]\w*|ativar\w*|complet[ae] (?:tu|su|seu|o) \w+|conferm\w*|convalid\w*|attiv[aio]\w*|sblocca\w*)\b",
    r"\b(?:bevestig\w*|verifieer\w*|activeer\w*|activeren|verifieren|valideer\w*|potwierd[zź]\w*|potwierdzen\w*|zweryfik\w*|weryfik\w*|aktyw\w*|overit|overte|overeni\w*|potvrd\w*|potvrz\w*|aktivuj\w*|aktivac\w*|aktivov\w*|aktivo\w*)\b",
    r"\b(?:bekraft\w*|verifier\w*|aktiver\w*|bekraeft\w*|bekreft\w*|godkend\w*|godkjenn\w*|godkann\w*|vahvista\w*|aktivoi\w*|varmenna\w*|dogrula\w*|onayla\w*|etkinlestir\w*|aktiflestir\w*|aktive et\w*)\b",
    r"\b(?:confirma\w*|activeaza\w*|verifica\w*|valideaza\w*|erosits\w*|megeros\w*|aktivalas\w*|aktival\w*|igazol\w*|potvrdi\w*|aktiviraj\w*|verificiraj\w*)\b",
    r"(?:подтверд\w*|подтвержд\w*|активир\w*|активац\w*|активуй\w*|активув\w*|підтверд\w*|активаці\w*|потвърд\w*|активирай\w*|верифиц\w*|верифік\w*|заверш\w* регистрац\w*|επιβεβαι\w*|ενεργοποι\w*|επαληθ\w*)",
    r"\b(?:xac (?:nhan|thuc|minh)|kich hoat|verifikasi\w*|konfirmasi\w*|aktifkan|aktivasi|sahkan|aktifkan|pagtibay)\b",
    "認証(?:する|を完了)?|確認する|本人確認|登録を(?:完了|確認)|(?:本)?登録(?:する|手続き|完了)|有効化|メールアドレスを?の?確認|アドレスを?の?確認|承認する|验证|驗證|激活|启用|啟用|确认|確認|完成注册|完成註冊|인증|확인하기|이메일 확인|활성화|가입 ?완료|승인",
    "تاكيد|تفعيل|تحقق|توثيق|تنشيط|تاييد|فعال ?سازي|אמת|אימות|אשר|אישור|הפעל|सत्यापित|सत्यापन|पुष्टि|सक्रिय|ยืนยัน|เปิดใช้งาน|যাচাই|சரிபார்",
];

/// To set a password.
const RESET: &[&str] = &[
    r"\b(?:reset|recover|choose|set|create|change|new|forgot\w*)\b[\w ]{0,22}\b(?:passwords?|pass ?phrase|pin|credentials)\b|\breset (?:it|now)\b|\bpassword (?:reset|recovery)\b|\breset link\b",
    r"\b(?:passwort|kennwort)\b[\w ]{0,20}\b(?:zuruck\w*|neu\w*|andern|vergeben|festlegen|erstellen|setzen)\b|\b(?:neues|neuen) (?:passwort|kennwort)\b|passwort-?reset",
    r"\b(?:reinitialis\w*|redefin\w*|renouvel\w*|choisir|definir|creer|nouveau|changer)\b[\w' ]{0,22}\bmots? de passe\b|\breinitialis\w*\b",
    r"\b(?:restablec\w*|reestablec\w*|recuper\w*|redefin\w*|cambi\w*|crear?|crie|nueva|nova|alterar|reimpost\w*|reset\w*|ripristin\w*|nuova|imposta\w*|scegli\w*)\b[\w ]{0,22}\b(?:contrasena|clave|senha|password|palavra-passe)\b|\b(?:restablecer|redefinir|reimposta)\b",
    r"\b(?:wachtwoord)\b[\w ]{0,16}\b(?:herstel\w*|opnieuw|instellen|wijzig\w*|resetten)\b|\b(?:nieuw|herstel\w*|reset|stel|wijzig) (?:je |uw |een |nieuw )*wachtwoord\b|\b(?:zresetuj|zmien|ustaw|resetuj|odzyskaj|resetowan\w+|nowe)\b[\w ]{0,12}\bhasl\w*|\b(?:obnov\w*|zmenit|nastavit|reset\w*|nove)\b[\w ]{0,10}\bhesl\w*",
    r"\b(?:aterstall\w*|nulstil\w*|tilbakestill\w*|byt|valj|nytt|ny|opprett|lag|velg|skift)\b[\w ]{0,12}\b(?:losenord\w*|adgangskode\w*|passord\w*)|\b(?:nulstil|tilbakestill|aterstall)\b|\b(?:palauta|vaihda|nollaa|uusi)\b[\w ]{0,14}\bsalasana\w*|\bsifre\w*[\w ]{0,10}\b(?:sifirla\w*|yenile\w*|degistir\w*|belirle\w*|olustur\w*)|\bsalasana\w* (?:palaut|vaiht|nollau)\w*",
    r"\b(?:reset\w*|schimba|seteaza)\b[\w ]{0,10}\bparol\w*|\bjelszo\w*[\w -]{0,12}\b(?:visszaallit\w*|beallit\w*|modosit\w*|uj)|\buj jelszo\w*|(?:сброс\w*|восстан\w*|измен\w*|смен\w*|нов\w+|задать|скин\w*|віднов\w*|змін\w*|създа\w*)[^.]{0,12}парол\w*|(?:επαναφορα|αλλαγη|νεο\w?)[^.]{0,16}κωδικ\w*",
    r"\b(?:dat lai|khoi phuc|doi|tao)\b[\w ]{0,10}\bmat khau\b|\b(?:atur ulang|reset|setel ulang|ubah|buat)\b[\w ]{0,14}\b(?:kata sandi|sandi|password|kata laluan)\b",
    "パスワード(?:の|を)?(?:再設定|リセット|変更|設定|再発行)|(?:重置|重设|重設|找回|修改|设置|設定|更改)(?:您的|你的|新)?(?:登录|登入)?密[码碼]|密[码碼](?:重置|重设|重設|找回)|비밀번호 ?(?:를 |을 )?(?:재설정|변경|초기화|설정|찾기)",
    "(?:اعادة|إعادة) (?:تعيين|ضبط)|(?:تغيير|تعيين) كلمة|(?:בازنشاني|بازيابي|تغيير) رمز|(?:איפוס|אפס|שחזור|החלפת) (?:ה)?(?:סיסמה|סיסמא)|पासवर्ड (?:रीसेट|बदलें)|รีเซ็ตรหัส|(?:ตั้ง|เปลี่ยน)รหัสผ่าน",
];

/// To sign in.
const ENTER: &[&str] = &[
    r"\b(?:sign|log)(?:ging)?[- ]?(?:me )?(?:in|on|into)\b|\bmagic link\b|\b(?:sign|log)[- ]?in (?:link|now)\b|\blogin link\b|\baccess link\b",
    r"\b(?:einloggen|anmelden|login|anmeldelink|me connecter|se connecter|connectez-vous|connexion|entrar|iniciar sesion|acceder|inicia sesion|acessar|fazer login|accedi|accedere|entra|inloggen|aanmelden|zaloguj\w*|logowani\w*|prihlas\w*|logga in|logg inn|log ind|kirjaudu\w*|giris yap\w*|oturum ac\w*|autentificare|conecteaza|conectare|bejelentkez\w*|belep\w*|prijav\w*|dang nhap|masuk)\b",
    "войти|вход|войдите|увійти|вхід|συνδεση|ログイン|サインイン|登录|登入|로그인|تسجيل الدخول|دخول|ورود|התחבר|כניסה|लॉग ?इन|เข้าสู่ระบบ",
];

/// To accept an invitation.
const JOIN: &[&str] = &[
    r"\b(?:accept|view|see|open|respond to|redeem|claim)\b[\w' ]{0,16}\binvit(?:e|ation)?\b|\bjoin (?:the |your |our |now|team|workspace|organi[sz]ation|project|group|\w+(?:'s)? (?:team|workspace|organi[sz]ation|project|board|space))|\bjoin\b|\binvitation link\b|\binvited you\b|\baccept (?:and|&) join\b",
    r"\beinladung (?:annehmen|ansehen|akzeptieren)|\b(?:accepter|rejoindre|voir)\b[\w' ]{0,12}(?:invitation|equipe)|\brejoindre\b|\b(?:aceptar|aceitar|accetta\w*|accetto)\b[\w' ]{0,10}\b(?:invita\w*|convite|invito)|\bunirse\b|\buitnodiging (?:accepteren|aanvaarden|bekijken)|\baccepteer\b[\w ]{0,8}\buitnodiging|\b(?:przyjmij|zaakceptuj|akceptuj)\b[\w ]{0,6}\bzaproszeni\w*|\bdolacz\w*|\bprijmout pozvan\w*|\bacceptera\b[\w ]{0,6}\binbjudan\w*|\baccepter\b[\w ]{0,6}\binvit\w*|\bgodta\b[\w ]{0,6}\binvit\w*|\bhyvaksy\b[\w ]{0,6}\bkutsu\w*|\bdavet\w*[\w ]{0,10}\b(?:kabul|katil)\w*|приня\w* приглашен|присоедин|прийня\w* запрошен|приєдна|\bterima undangan|\bchap nhan loi moi",
    "招待を(?:受け|承認|確認)|招待に応|参加する|接受邀请|接受邀請|加入(?:团队|團隊|工作区)|초대 ?(?:수락|받기|확인)|قبول الدعوة|קבל(?:ת)? (?:את )?ההזמנה",
];

/// Words of a link that say nothing: what it does stands around it.
const VAGUE: &str = r"^(?:(?:please )?(?:click|tap|press|go|visit)? ?(?:here|this link|on this link|the link|link|this button|continue|get started|open|start|proceed|go|next|yes|ok|hier(?: klicken)?|diesen link|dieser link|weiter|fortfahren|ici|cliquez ici|ce lien|continuer|aqui|haz clic aqui|clique aqui|este enlace|este link|continuar|qui|clicca qui|questo link|continua|deze link|klik hier|doorgaan|tutaj|kliknij tutaj|ten link|dalej|zde|kliknete zde|har|klicka har|den har lanken|her|klik her|klikk her|tasta|napsauta tasta|tikla\w*|buraya tikla\w*|devam et|ссылке|ссылка|по ссылке|сюда|здесь|перейти|продолжить|тут|посилання|за посиланням|εδω|tai day|di sini|klik di sini|こちら|次へ|このリンク|点击这里|点此|這裡|此处|链接|여기|링크|계속|هنا|اضغط هنا|כאן|لينك))[ .!→»>:]*$";

/// Words of a link that only open what the message is about.
const OPENING: &str = r"^(?:go to|open|view|see|show|start|get started|let'?s go|continue|visit|launch|zu|zum|zur|ouvrir|voir|ir a|abrir|ver|vai a|apri|naar|otworz|przejdz)\b[\w' -]{0,40}$";

/// What a subject says that is done already.
const DONE: &str = r"\b(?:confirmed|verified|activated|validated|approved|changed|updated|bestatigt|aktiviert|geandert|confirmee?|activee?|modifiee?|verifiee?|confirmad[oa]|activad[oa]|cambiad[oa]|alterad[oa]|confermat[oa]|modificat[oa]|bevestigd|gewijzigd|potwierdzon\w+|zmienion\w+|bekraftad|bekraeftet|bekreftet|andret|vahvistettu|degistirildi|onaylandi)\b|(?:подтвержден|изменен|підтверджен|змінен)\w*|変更されました|完了しました|已更改|已修改|변경되었";

/// What a link must not do to be the one that is looked for: by its words.
const AWAY: &[&str] = &[
    r"\b(?:unsubscri\w*|opt[- ]?out|preferences?|manage|settings|privacy|terms|policy|policies|help|support|contact|faq|blog|docs|documentation|learn more|read more|view (?:it )?(?:in|on)|(?:in|im|with) (?:your |the |a |web ?)*browser|web version|forward|share|download|receipt|invoice|order|track\w*|shipment|delivery|decline|deny|denied|reject|refuse|cancel\w*|revoke|report|block|ignore|not me|wasn'?t me|didn'?t|don'?t|lock my|secure (?:(?:your|my|the|this) )?account|[ck]alend\w*|directions|survey|feedback|review|reply|status|app store|google play|ios|android|upgrade|shop|buy|booking|reservation|trip|check in|resend|request (?:a )?new|request another|no,|webinar|meeting|(?:with|join|start|open) (?:google )?(?:meet|zoom|teams|webex))\b",
    r"^(?:(?:follow|like|find|join|visit) )?(?:us |our )?(?:on |at )?(?:twitter|facebook|instagram|linkedin|youtube|discord|telegram|tiktok|github|mastodon|bluesky|(?:google )?meet|zoom)(?: (?:server|community|group|page|channel))?$",
    r"\b(?:abmelden|abbestellen|austragen|datenschutz|impressum|agb|hilfe\w*|kontakt|ablehn\w*|desabonn\w*|desinscri\w*|se desinscrire|confidentialite|aide|refuser|signaler|annuler|cancelar|darse de baja|baja|ayuda|privacidad|privacidade|rechazar|ajuda|recusar|descadastr\w*|cancelar inscricao|sair da lista|disiscriv\w*|annulla|assistenza|rifiuta|uitschrijv\w*|afmelden|hulp|weiger\w*|wypisz\w*|regulamin|pomoc|odrzuc|odhlas\w*|odmitn\w*|avregistr\w*|avprenumer\w*|afmeld\w*|avmeld\w*|peru\w*|abonelik\w*|reddet|yardim|huy dang ky|berhenti)\b",
    "отпис|отказ|помощь|відпис|配信停止|解除|退订|取消|退訂|수신 ?거부|거부|الغاء|إلغاء|הסר|ยกเลิก|プライバシー|ヘルプ|お問い合わせ|隐私|隱私|帮助|开票",
];

/// What a confirmation can be of that proves nothing about who somebody is.
const OTHER_OBJECTS: &str = r"\b(?:order|booking|appointment|attendance|delivery|shipping|shipment|reservation|purchase|payment|termin|bestellung|commande|pedido|ordine|zamowien\w*|receipt|invoice|rsvp|signature|backup|how do|meeting)\b|\?$";

/// `If it wasn't you`: the link of such a sentence is not the one.
const NOT_YOU: &str = r"\b(?:if (?:this|that|it) (?:was|wasn't|was not|isn't|is not)(?: not)? you|if you (?:did(?:n't| not)|do(?:n't| not)|haven't|have not)|wasn't you|not you\?|don't recogni[sz]e|nicht (?:sie|du|von ihnen|selbst)|nicht angefordert|ce n'est pas vous|n'etes pas|pas vous|no (?:fuiste|has sido|fue usted|lo solicit\w+)|nao foi voce|non sei stato|non hai|als jij dit niet|niet zelf|nie ty|jesli to nie|inte du|ikke deg|ikke dig|et sina|siz degilseniz|if you believe)|не вы|не ви";

/// Addresses that lead elsewhere.
const AWAY_URLS: &str = r"(?i)unsub|opt-?out|opt_out|/preferences|/prefs\b|email-?settings|/settings\b|notifications?(?:/|\b)|desinscri|desabon|abmeld|/privacy|/terms|/legal|/help\b|/support\b|/contact|\.(?:png|jpe?g|gif|svg|webp|css|ico|pdf|ics)(?:$|\?)|/(?:open|pixel|wf/open|beacon)(?:[/?.]|$)|^https?://(?:www\.|m\.)?(?:facebook|twitter|x|instagram|linkedin|youtube|youtu|tiktok|pinterest|t|reddit|discord|whatsapp|threads|medium)\.(?:com|me|be|gg|co)/(?:[\w.@-]+/?)?(?:$|\?)|apps\.apple\.com|itunes\.apple\.com|play\.google\.com|w3\.org|schemas\.|fonts\.g|maps\.(?:google|app)|calendar\.google|view-?(?:in|online|email)|/rules|secure.?account|report.?abuse|(?:decline|deny|reject|cancel|revoke|block)(?:[/?=&_-]|$)|/track(?:ing)?[/?]|tracknum|/orders?/|/invoices?/|/receipts?/";

/// Hosts of pages for everybody; one may still hold accounts of its own.
const AWAY_HOSTS: &str = r"(?i)^https?://(?:help|support|docs?|status|blog|community|forums?|faq|kb|news)\.";

/// Addresses that do it, by their path and their names of values.
const DEED_URLS: &str = r"(?i)verif|confirm|bestaetig|bestatig|valid(?:ate|ation|er|ar|a\b)|activ(?:at|ar|er|ez|az|eer)|aktiv|aktyw|activation|authenticate|authori[sz]e|approve|magic|passwordless|passwor[dt]|reset|recover|reinit|restablec|redefin|herstel|nulstil|sifirla|invit|convite|einladung|redeem|accept|join|sign-?up|signup/complete|regist(?:er|ration|rierung|ra)|opt-?in|double-?opt|onboard|welcome/|action=rp|oobcode|mode=verify|loginwith|login[/?].*(?:token|code|key|t)=|callback/email|one-?time|set-?password|unlock|potwierdz|overit|overeni|potvrd|bekraft|bekreft|bekraeft|vahvist|dogrula|onayla|verifik|conferma|attiva|/auth/|/auth\?|session/|passkey|subscribe/confirm|kich-hoat|xac-|secure-?link|ticket=";

/// Addresses that prove who somebody is, whatever is written on them.
const PROOF_URLS: &str = r"(?i)[/_?=-](?:verif|confirm|bestaetig|bestatig|validat|activat|aktiv|aktyw|magic-?link|oobcode|passwordless|reset-?passwor|reset_passwor|password-?reset|password_reset|email-?verif)";

/// Addresses that only pass a reader on, and count who does.
const WRAPPERS: &str = r"(?i)^https?://(?:[\w.-]*(?:ct\.sendgrid\.net|sendgrid\.net|list-manage\.com/track|mandrillapp\.com|awstrack\.me|pstmrk\.it|hubspotlinks|mailgun\.|mjt\.lu|sparkpostmail|customeriomail|cmail\d+\.com|createsend|exct\.net|klclick|rs6\.net|braze|sailthru|intercom-mail|intercom-clicks|safelinks\.protection|urldefense|sendibt\d|sibautomation|emltrk|mailchimp)|(?:email|click|clicks|links?|e|go|url\d+|track(?:ing)?|trk|lnk|t|mail|em|cl)\.[\w.-]+/(?:c|ls|e|f|o|x|s|u|click|l|ss|track|a|CL0|L0|wf|r|h|d|y|z|q)[/?])|/ls/click\?|/track/click|/CL0/|/L0/";

/// What a link does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// It verifies, confirms or activates.
    Verify,
    /// It sets a password.
    Reset,
    /// It accepts an invitation.
    Join,
    /// It signs in.
    Enter,
}

/// The patterns, made when they are first needed; a test makes sure that each is one.
pub struct Deeds {
    deeds: [(Deed, Option<Regex>); 4],
    vague: Option<Regex>,
    opening: Option<Regex>,
    done: Option<Regex>,
    away: Option<Regex>,
    other_objects: Option<Regex>,
    not_you: Option<Regex>,
    away_urls: Option<Regex>,
    away_hosts: Option<Regex>,
    deed_urls: Option<Regex>,
    proof_urls: Option<Regex>,
    wrappers: Option<Regex>,
}

static DEEDS: LazyLock<Deeds> = LazyLock::new(|| {
    let table = |patterns: &[&str]| pattern(&patterns.join("|"));
    Deeds {
        deeds: [
            (Deed::Reset, table(RESET)),
            (Deed::Verify, table(VERIFY)),
            (Deed::Join, table(JOIN)),
            (Deed::Enter, table(ENTER)),
        ],
        vague: table(&[VAGUE]),
        opening: table(&[OPENING]),
        done: table(&[DONE]),
        away: table(AWAY),
        other_objects: table(&[OTHER_OBJECTS]),
        not_you: table(&[NOT_YOU]),
        away_urls: table(&[AWAY_URLS]),
        away_hosts: table(&[AWAY_HOSTS]),
        deed_urls: table(&[DEED_URLS]),
        proof_urls: table(&[PROOF_URLS]),
        wrappers: table(&[WRAPPERS]),
    }
});

impl Deeds {
    /// The tables.
    pub fn known() -> &'static Self {
        &DEEDS
    }

    /// What folded text says that is done, and where it says so.
    pub fn in_text(&self, text: &str) -> Option<(Deed, usize)> {
        let found = |(deed, table): &(Deed, Option<Regex>)| {
            table.as_ref().and_then(|table| table.find(text)).map(|found| (*deed, found.start()))
        };
        self.deeds.iter().find_map(found)
    }

    /// What a folded subject asks for: not what is done, nor what concerns an order or a journey.
    pub fn in_subject(&self, subject: &str) -> Option<Deed> {
        let deed = self.still_asked(subject)?;
        (!is(&self.other_objects, subject)).then_some(deed)
    }

    /// What folded text asks for: not what it says is done already.
    pub fn still_asked(&self, text: &str) -> Option<Deed> {
        let left = self.done.as_ref().map_or_else(|| text.into(), |done| done.replace_all(text, " "));
        self.in_text(&left).map(|(deed, _)| deed)
    }

    /// Whether a link's words only open what the message is about.
    pub fn only_opens(&self, text: &str) -> bool {
        is(&self.opening, text)
    }

    /// Whether a link's words say nothing by themselves.
    pub fn is_vague(&self, text: &str) -> bool {
        is(&self.vague, text)
    }

    /// Whether a link's words lead elsewhere.
    pub fn leads_away(&self, text: &str) -> bool {
        is(&self.away, text) || is(&self.other_objects, text)
    }

    /// Whether a sentence is for those who did not ask for the message.
    pub fn is_for_others(&self, text: &str) -> bool {
        is(&self.not_you, text)
    }

    /// Whether an address leads elsewhere.
    pub fn url_leads_away(&self, url: &str) -> bool {
        is(&self.away_urls, url)
    }

    /// Whether an address is one of a page for everybody, by its host.
    pub fn is_public_host(&self, url: &str) -> bool {
        is(&self.away_hosts, url)
    }

    /// Whether an address does one of the deeds.
    pub fn url_does(&self, url: &str) -> bool {
        is(&self.deed_urls, url)
    }

    /// Whether an address proves who somebody is, by its own words.
    pub fn url_proves(&self, url: &str) -> bool {
        is(&self.proof_urls, url)
    }

    /// Whether an address only passes a reader on.
    pub fn wraps(&self, url: &str) -> bool {
        is(&self.wrappers, url)
    }
}

fn is(table: &Option<Regex>, text: &str) -> bool {
    table.as_ref().is_some_and(|table| table.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_a_pattern() {
        let known = Deeds::known();
        assert!(known.deeds.iter().all(|(_, table)| table.is_some()));
        let tables = [
            &known.vague,
            &known.opening,
            &known.done,
            &known.away,
            &known.other_objects,
            &known.not_you,
            &known.away_urls,
            &known.away_hosts,
            &known.deed_urls,
            &known.proof_urls,
            &known.wrappers,
        ];
        assert!(tables.iter().all(|table| table.is_some()));
    }

    #[test]
    fn what_a_link_does_is_read_in_many_languages() {
        let known = Deeds::known();
        for (text, deed) in [
            ("verify email address", Deed::Verify),
            ("e-mail bestatigen", Deed::Verify),
            ("je confirme mon adresse", Deed::Verify),
            ("reset your password", Deed::Reset),
            ("neues passwort vergeben", Deed::Reset),
            ("비밀번호 재설정", Deed::Reset),
            ("accept the invite", Deed::Join),
            ("sign in to medium", Deed::Enter),
        ] {
            assert_eq!(known.in_text(text).map(|(deed, _)| deed), Some(deed), "{text}");
        }
        assert_eq!(known.in_text("read the whole story"), None);
    }
}
