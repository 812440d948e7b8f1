//! The words of codes in many languages, as tables of patterns over folded text.

use super::pattern::pattern;
use regex::Regex;
use std::sync::LazyLock;

/// What can only be the name of a one-time code. Scripts with spaces between words.
const NAMES: &[&str] = &[
    // English
    r"(?:verif(?:ication|y)|security|otp|authentication|authenticator|log[- ]?in|log[- ]?on|sign[- ]?in|sign[- ]?up|registration|validation|recovery|reset|single[- ]use|2fa|two[- ]factor|mfa|two[- ]step|2[- ]step|2sv|device|guard|unlock|pairing|guest checkout|passwordless|magic|auth|temporary(?: \w+)?|identity|account verification|e-?mail|phone)(?: log[- ]?in| sign[- ]?in| verification| access| confirmation| security)? (?:code|pin|pass ?code|token|key)s?",
    r"(?:verification|one[- ]?time|single[- ]use) (?:number|pass ?code|pin|code|key|password|token)s?",
    r"one[- ]?time[- ](?:verification|security|login|log-in|sign-in|access) (?:code|pin|pass ?code)",
    r"code (?:below )?(?:to|for) (?:log|sign|verif|confirm|access|approv|authori|authenti|complet|reset|finish|your|the|activat|continu)\w*",
    r"(?:four|five|six|seven|eight|ten|[4-9]|10)[- ]?(?:digits?|characters?|numbers?)(?: (?:code|number|pin|key))?",
    "otps?|otac|totp|verification pin|login pin|security pin|code d'authentification",
    // German
    r"(?:\w+-)?(?:bestatigungs?|bestaetigungs?|verifizierungs?|verifikations?|sicherheits?|anmelde|login|log-in|einlogg?|zugangs|einmal|freischalt(?:ungs)?|aktivierungs?|authentifizierungs?|authentisierungs?|registrierungs?|zugriffs?|wiederherstellungs?|pruf|identifizierungs?|faktor|2fa|sms|otp|legitimations?)-?(?:code|kode|pin|passwort|kennwort|zahl|schlussel|ziffern|tan|nummer)s?",
    r"(?:e-?mail-?|sms-?|m-?|push-?|photo-?|smart-?|mobile)tan",
    // French
    r"codes? (?:de |d'|d )(?:verification|securite|confirmation|connexion|acces|validation|activation|authentification|identification|reinitialisation|autorisation|inscription)",
    r"codes? (?:a usage unique|temporaire|confidentiel|unique|provisoire|secret|otp|sms)|mot de passe (?:a usage )?(?:unique|temporaire)|(?:votre|ton) code",
    // Spanish, Portuguese
    r"codigos? (?:de |do |da )?(?:verifica\w+|segur\w+|confirma\w+|acce\w+|acesso|ativa\w+|activa\w+|autentic\w+|autoriza\w+|valida\w+|inicio de sesion|ingreso|un solo uso|uso unico|recupera\w+|registro|identifica\w+|login|entrada|cadastro)",
    r"codigo (?:temporal|temporario|unico|otp|sms)|contrasena (?:de un solo uso|temporal|unica)|clave (?:de (?:firma|acceso|seguridad|confirmacion|un solo uso|verificacion)|dinamica|temporal|unica)|senha (?:de uso unico|temporaria|unica)|(?:tu|su|seu|teu|vosso) codigo|token de (?:seguridad|seguranca|acceso|acesso)",
    // Italian
    r"codic[ei] (?:di |d')?(?:verifica|sicurezza|conferma|accesso|attivazione|autenticazione|autorizzazione|validazione|login|recupero|registrazione|identificazione)|codice (?:monouso|otp|temporaneo|usa e getta|sms|per (?:accedere|confermare|verificare|completare)|univoco)|password (?:monouso|temporanea|usa e getta)|(?:tuo|suo) codice",
    // Dutch
    r"(?:verificatie|beveiligings|bevestigings|inlog|toegangs|activerings|activatie|eenmalige ?|authenticatie|registratie|herstel|controle|sms|validatie|aanmeld)-?(?:code|pincode|wachtwoord)s?|eenmalige? (?:wachtwoord|pincode|code|inlogcode)|(?:je|uw|jouw) (?:\w+ )?(?:sms-)?code",
    // Polish
    r"kod\w{0,3} (?:weryfikacyjn|bezpieczenstw|potwierdz|dostep|aktywac|autoryzac|do logowan|logowan|jednorazow|uwierzyteln|sms|rejestrac|do autoryzac|do weryfikac)\w*|haslo (?:jednorazow\w+|sms)|jednorazow\w+ (?:kod|hasl)\w*|twoj kod|smskod|haslo:",
    // Czech, Slovak
    r"(?:overovaci\w*|bezpecnostn\w+|potvrzovaci\w*|potvrdzovaci\w*|prihlasovaci\w*|jednorazov\w+|aktivacn\w+|autorizacn\w+|pristupov\w+|verifikacn\w+) (?:kod\w*|heslo|pin)|kod\w* (?:pro|na|k) (?:over|prihlas|potvr)\w+|vas kod|sms kod",
    // Swedish, Danish, Norwegian
    r"(?:verifierings|verifikations|verificerings|verifiserings|sakerhets|sikkerheds|sikkerhets|bekraftelse|bekraftelses|bekreftelses|bekraeftelses|engangs|inloggnings|innloggings|paloggings|login|aktiverings|autentiserings|godkendelses|godkjennings|atkomst|tilgangs|adgangs)-?(?:kod|kode|losenord|passord|pinkode)(?:n|en|et|er|r)?(?: (?:din|dit))?|engangsadgangskode|(?:din|ditt|dit) kode?|kode?n (?:din|er|ar)",
    // Finnish, Estonian
    r"(?:vahvistus|turva|todennus|kirjautumis|kertakaytto|aktivointi|varmennus|varmistus|tunnistus)-?(?:koodi|salasana|tunnus)\w*|(?:kinnitus|turva|sisselogimis)kood\w*",
    // Latvian, Lithuanian
    r"(?:apstiprinajuma|verifikacijas|drosibas|piekluves|patvirtinimo|saugos|prisijungimo|vienkartin\w+) kod\w+",
    // Turkish, Azerbaijani
    r"(?:dogrulama|onay|guvenlik|giris|tek kullanimlik|aktivasyon|sms|tek seferlik|erisim|tesdiq|tasdiq) (?:kod|sifre|parola)\w*|kodunuz\w*|sifreniz|kodun\b",
    // Romanian
    r"cod(?:ul)?(?: tau| dvs\.?| dumneavoastra)?(?: de)? (?:verificare|securitate|confirmare|acces|activare|autentificare|autorizare|unic|validare|conectare|siguranta)|parola (?:unica|temporara)|codul (?:tau|dvs)",
    // Hungarian
    r"(?:ellenorzo|biztonsagi|megerosito|belepesi|egyszer hasznalatos|egyszeri|aktivalo|aktivalasi|hitelesito|azonosito|bejelentkezesi|jovahagyo) ?-?(?:kod|jelszo)\w*",
    // Croatian, Serbian, Slovene
    r"(?:verifikacijsk|verifikacion|potvrdn|sigurnosn|jednokratn|enkratn|potrditven|varnostn|kontroln|aktivacijsk|pristupn)\w+ (?:kod|koda|kodo|lozinka|geslo|sifra)|kod za (?:potvrdu|prijavu|verifikaciju|provjeru|proveru)|(?:vas|tvoj) kod",
    // Vietnamese, Indonesian, Malay
    "ma (?:xac thuc|xac nhan|xac minh|otp|bao mat|dang nhap|kich hoat|pin)|mat khau (?:mot lan|dung mot lan|otp)",
    // Catalan, Basque, Icelandic, Afrikaans, Albanian, Swahili, Uzbek
    r"codi (?:de )?(?:verificacio|seguretat|confirmacio|acces|d'un sol us)|egiaztapen-?kode\w*|(?:stadfestingar|oryggis|innskraningar)kodi\w*|verifikasiekode|eenmalige pin|kodi (?:i|juaj) \w+|(?:namba|nambari|msimbo) (?:yako |wako )?(?:ya|wa) (?:uthibitish\w+|siri)|tasdiqlash kodi",
    "kode (?:verifikasi|otp|keamanan|konfirmasi|masuk|akses|aktivasi|autentikasi|rahasia|login|sekali pakai|registrasi)|kod (?:pengesahan|keselamatan|akses|tac|otp)|(?:kata )?sandi sekali pakai|no\\.? ?tac|tac",
];

/// The same in scripts that do not part words, or that join them with others.
const NAMES_JOINED: &[&str] = &[
    // Russian, Ukrainian, Bulgarian
    r"код\w{0,3} (?:подтвержден|безопасност|доступ|активац|авторизац|проверк|верификац|регистрац|восстановлен|аутентификац|вход|для (?:вход|подтвержд|регистр|авториз|восстан)|підтверджен|безпек|активаці|перевірк|вхід|для (?:вход|підтвердж)|за (?:потвържд|достъп|сигурн|вход))\w*",
    r"однораз\w+ (?:\w+ )?(?:код|парол)\w*|проверочн\w+ код\w*|(?:ваш|твой|твій|вашият) (?:\w+ )?код|временн\w+ (?:код|парол)\w*|верификацион\w+ код|(?:смс|sms)-?код\w*|тимчасов\w+ (?:код|парол)\w*|еднократ\w+ (?:код|парол)\w*|код -? ?для входа",
    // Greek
    r"κωδικ\w+ (?:επιβεβαιωσ|επαληθευσ|ασφαλει|προσβασ|μιας χρησ|ενεργοποιησ|συνδεσ|εισοδ|ελεγχ)\w*|κωδικ\w+ σ(?:ας|ου)",
    // Japanese
    "認証(?:用)?の?(?:コード|番号|キー|パスコード|数字)|確認(?:用)?の?(?:コード|番号)|検証コード|セキュリティ ?(?:コード|番号)|ワンタイム ?(?:パスワード|コード|パス|キー)|ログイン ?コード|サインイン ?コード|アクセス ?コード|本人確認コード|パスコード|認証ナンバー|使い捨て(?:コード|パスワード)",
    // Chinese
    "验证码|校验码|驗證碼|校驗碼|动态(?:密码|码|口令|验证码)|動態(?:密碼|碼|驗證碼)|认证码|認證碼|确认码|確認碼|安全码|安全碼|一次性(?:密码|密碼|代码|代碼|验证码|驗證碼|口令)|登录码|登录代码|登入碼|登入代碼|授权码|授權碼|激活码|啟用碼|短信码|驗證代碼|验证代码|安全代码|安全代碼|随机码|检验码|确认代码",
    // Korean
    "인증 ?(?:번호|코드|키)|확인 ?(?:코드|번호)|보안 ?(?:코드|번호)|일회용 ?(?:비밀번호|코드|암호)|로그인 ?(?:코드|번호)|검증 ?코드|본인확인 ?번호",
    // Arabic, Persian, Urdu
    "(?:رمز|كود|الرمز|الكود|كلمة) (?:ال)?(?:تحقق|تفعيل|امان|دخول|مرور ال?مؤقت|مرور لمرة|تاكيد|وصول|مصادقة|تسجيل|otp|خاص)|رمزك|كلمة مرور (?:لمرة|مؤقتة)|(?:كد|رمز) (?:تاييد|ورود|فعال ?سازي|يكبار|امنيتي|پويا|موقت)|(?:تصديقي|توثيقي) كوڈ",
    // Hebrew
    "קוד (?:ה)?(?:אימות|אבטחה|גישה|כניסה|הפעלה|זיהוי|אישור|התחברות)|(?:סיסמה|סיסמא|קוד) (?:חד[- ]פעמי)|הקוד שלך|קוד חד",
    // Hindi, Marathi, Bengali, Tamil, Telugu
    "(?:सत्यापन|सुरक्षा|पुष्टि|पुष्टिकरण|लॉगिन|एक्सेस|वेरिफिकेशन|पडताळणी) (?:कोड|पिन)|ओटीपी|वन[- ]टाइम (?:पासवर्ड|कोड)|যাচাইকরণ কোড|ভেরিফিকেশন কোড|ওটিপি|சரிபார்ப்புக்? குறியீடு|ஓடிபி|ధృవీకరణ కోడ్|ఓటీపీ",
    // Thai
    "รหัส ?(?:ยืนยัน|ความปลอดภัย|ผ่านชั่วคราว|ผ่านครั้งเดียว|ผ่านแบบใช้ครั้งเดียว|ตรวจสอบ|otp|เข้าสู่ระบบ|การยืนยัน|สำหรับ|ใช้ครั้งเดียว)|โอทีพี",
    // Georgian, Armenian, Khmer
    "დადასტურების კოდი|ერთჯერადი კოდი|հաստատման կոդ|លេខកូដ",
    // Macedonian, Kazakh, Mongolian, Amharic, Burmese, Lao, Gujarati, Kannada, Malayalam, Punjabi, Nepali
    "код за потврда|растау код|баталгаажуулах код|የማረጋገጫ ኮድ|အတည်ပြု ?ကုဒ်|ລະຫັດ ?(?:ຢືນຢັນ|otp)|ચકાસણી કોડ|ઓટીપી|ಪರಿಶೀಲನಾ ಕೋಡ್|ಒಟಿಪಿ|സ്ഥിരീകരണ കോഡ്|ഒടിപി|ਤਸਦੀਕ ਕੋਡ|ਓਟੀਪੀ|प्रमाणीकरण कोड",
];

/// What is a code's name among others: a booking, a meeting and a shop have them too.
const SOFT: &[&str] = &[
    "pass ?codes?|authori[sz]ation (?:code|pin|number)s?|access (?:code|pin|token)s?|confirmation (?:code|pin|number)s?|activation codes?|invit(?:e|ation) codes?|entry codes?|temporary codes?",
    r"(?:\w+[- ])?pin(?:[- ]?(?:code|kod|kode))?s?|login token|token|pincode|tan",
    r"(?:\w+)?(?:code|codes|kode|koden|koodi\w*|kood)|codigo|codigos|codice|codici|kod|kody|kodu|kodot|kodja|kodom|kodas|cod|codul|kodet|koda",
    "kennung|haslo|senha|clave|(?:new|fresh|current|latest) one",
];

/// The same in scripts that do not part words.
const SOFT_JOINED: &[&str] = &[
    r"код\w{0,3}|парол\w{0,3}|κωδικ\w+|コード|代码|代碼|代号|密碼为|口令|코드|קוד|רמז|رمز|كود|الرمز|کد|कोड|कूट|पिन|รหัส|কোড|குறியீடு|కోడ్",
];

/// What names another number: it counts only right before the number.
const OTHER: &[&str] = &[
    r"(?:order|invoice|receipt|ticket|case|reference|ref|tracking|track|booking|reservation|customer|client|account|acct|a/c|member(?:ship)?|employee|contract|policy|claim|request|transaction|transfer|txn|trf|payment|serial|model|item|article|product|sku|part|isbn|batch|lot|flight|room|seats?|suite|unit|building|p\.?o\.?|postal|zip|post|area|country|dialing|routing|sort|branch|vat|tax|company|licen[cs]e|permit|parcel|package|shipment|consignment|awb|waybill|report|survey|campaign|build|issue|bug|pr|pull request|change|error|status|exit|response|http|return|source|promo(?:tion(?:al)?)?|discount|coupon|voucher|gift(?: card)?|referral|offer|pick-?up|collection|locker|door|gate|qr|bar|dress|currency|language|cost|meeting|webinar|conference|telephone|tel|fax|mobile|call|dial|text|txt|extension|ext|hotline|helpline|help ?line|nmls|loan|student|patient|rx|prescription|envelope|queue|process|port|version|vehicle|plate|table|record|job|run|test|sample|example|demo|dummy|e-?ticket|barcode|block|backup|phone|clinic line|cvv|cvc|security code on)(?:s|'s)?(?: ?(?:id|no|nr|number|numbers|num|codes?|keys?|line|ref|pin))*",
    r"(?:no|nr|num|number|numbers|nos|id|ids|article|since|year|copyright)",
    r"ending(?: in| with)?|ends with|endend (?:auf|mit)|terminad[oa] en|terminad[oa] em|se terminant par|finissant par|che termina con|eindigend op|last (?:four|4)(?: digits)?",
    r"\w*nummer|\w*-?nr|\w*-?id|bestell\w*|rechnung\w*|auftrag|sendung|vorgang|referenz|aktenzeichen|telefon|hotline|rufnummer|plz|gutschein(?:code)?|rabattcode|aktionscode|aktions-?code|gutschein-code|konto|packstation|postleitzahl|police|kundennr|az",
    r"commande|facture|colis|suivi|dossier|client|telephone|numero|code (?:postal|promo\w*|de reduction|avantage|de retrait|client|barre)|appelez le|au|siret|rcs|train|tgv",
    r"pedido|factura|cliente|referencia|telefono|codigo (?:postal|promocional|de descuento|de barras|de reserva|de pedido|de cliente|de rastreamento|de rastreio)|cupon|autorizacion|solicitud|llame al|llamenos al|fatura|boleto|protocolo|telefone|ligue para|cep|cnpj|cpf|cupom|nota fiscal",
    r"ordine|fattura|pratica|codice (?:sconto|fiscale|cliente|postale|promo\w*|prenotazione|ordine)|cap|iva|buono|bestelling|factuur|kvk|kortingscode|klant|zamowieni\w+|faktur\w+|nip|regon|numer\w*|paczk\w+|kod (?:rabatowy|pocztowy|odbioru)|objednavk\w+|faktur\w+|psc|telefon\w*|order|ordre|ordrenr|bestilling\w*|tilaus\w*|siparis\w*|rabattkod|rabatkode|postnummer|cip|ico",
];

/// The same in scripts that do not part words.
const OTHER_JOINED: &[&str] = &[
    r"заказ\w*|счет\w*|счёт\w*|договор\w*|номер\w*|тел|индекс|инн|трек\w*|промокод\w*|замовлен\w*|рахун\w*|купон\w*|звоните|телефон\w*",
    "注文番号|お問い合わせ(?:番号)?|電話(?:番号)?|会員番号|受付番号|郵便番号|お客様番号|予約番号|下4桁|伝票番号|〒|口座番号|クーポンコード",
    "订单(?:号|编号)?|訂單(?:編號|號)?|单号|單號|快递单号|电话|電話|热线|熱線|专线|專線|取件码|取件碼|取货码|提货码|尾号|尾號|末四位|邮编|郵編|客服|编号|編號|工号|会员号|优惠码|優惠碼|兑换码|№|n°|nº",
    "주문 ?번호|운송장(?: ?번호)?|전화(?: ?번호)?|고객센터|접수 ?번호|예약 ?번호|우편 ?번호|승인 ?번호|계좌",
    "رقم (?:ال)?(?:طلب|هاتف|فاتورة|حساب|شحنة|حجز)|على الرقم|كود (?:ال)?خصم|מספר (?:ה)?(?:הזמנה|טלפון|חשבון|לקוח)|קוד (?:קופון|הנחה)|ऑर्डर|फ़ोन|หมายเลข(?:คำสั่งซื้อ|พัสดุ|โทรศัพท์)?|โทร|รหัส(?:ไปรษณีย์|ส่วนลด|อ้างอิง|สินค้า)",
];

/// What tells to type or use the number that comes next.
const TYPE_IT: &[&str] = &[
    r"\b(?:enter|use|type|type in|input|submit|provide|saisi\w*|entre[zr]?|tape[zr]?|utilise[zr]?|introdu\w+|ingres\w+|usa|use|utiliza|utilice|digit\w+|insira|informe|inserisc\w+|inserire|gib|geben sie|verwende\w*|nutze\w*|nutzen sie|voer|gebruik|vul|toets|wpisz|podaj|zadejte|opiste|zadajte|ange|fyll i|skriv|indtast|bruk|brug|tast|syota|kayta|girin\w*|giriniz|kullan\w*|masukkan|gunakan|nhap|su dung|introduceti|folositi|adja meg|irja be|unesite|vpisite)(?: (?:the|this|le|el|il|den|de|het|code|codigo|kod|in))*[ :\x22'(*\[]*$",
    r"(?:введите|используйте|укажите|введіть|въведете|πληκτρολογηστε|εισαγετε|输入|輸入|入力|입력|使用|أدخل|ادخل|استخدم|הזן|הקלד|दर्ज करें|กรอก|ใส่)[ :：「『\[]*$",
];

/// What asks for something to be typed, wherever that stands.
const TYPING: &[&str] = &[
    r"\b(?:enter|type|paste|saisi\w*|entrez|introdu\w+|ingres\w+|digit[eai]\w*|inserisc\w+|eingeben|gib|geben sie|voer|wpisz|zadejte|opiste|ange|indtast|skriv|syota|girin\w*|masukkan|nhap)\b",
    "введите|введіть|输入|輸入|入力|입력|ادخل|أدخل|הזן|दर्ज|กรอก",
];

/// That a message is about who somebody is.
const IDENTITY: &[&str] = &[
    r"\b(?:link (?:your|this|the) \w+|(?:it's|it is) (?:really )?you|(?:address|number) is (?:really )?yours|sign(?:ing|ed)?[- ]?(?:in|up)|log(?:ging)?[- ]?in|log ?on|verif\w*|confirm\w*|authenticat\w*|authori[sz]\w*|regist\w+|validat\w*|activat\w*|passwor\w*|otp|2fa|einloggen|einzuloggen|anmeld\w*|bestatig\w*|verifizier\w*|registrier\w*|freischalt\w*|connexion|connecter|identifier|valider|iniciar sesion|acceder|acceso|verifi\w*|ingresar|entrar|cadastro|acesso|accedere|accedi|accesso|conferm\w*|inloggen|aanmelden|bevestig\w*|zalogowac|logowani\w*|potwierd\w*|weryfik\w*|prihlas\w*|over\w{2,}|potvr\w*|logga in|inlogg\w*|logge? ind?|bekraft\w*|bekreft\w*|kirjaut\w*|vahvist\w*|giris\w*|dogrula\w*|onayla\w*|autentific\w*|conectare|belep\w*|bejelentkez\w*|masuk|verifikasi|dang nhap|xac (?:thuc|nhan|minh))",
    "вход|войти|подтвер|регистр|вхід|увійти|підтвер|συνδεσ|επιβεβαι|ログイン|サインイン|認証|確認|登録|登录|登陆|登入|验证|驗證|注册|註冊|로그인|인증|가입|تسجيل|تحقق|تاكيد|ورود|התחבר|כניסה|אימות|लॉगिन|सत्याप|เข้าสู่ระบบ|ยืนยัน",
];

/// That what is called a code or a PIN is probably one of a meeting, a journey, a parcel, a shop or a machine.
const ELSEWHERE: &[&str] = &[
    r"\bmeeting id|join (?:zoom|webinar|the meeting|with google meet|teams)|dial[- ]in|join by phone|one tap mobile|besprechung|reunion id|id de reunion|webinar|webex|\bmeet\.google|vergaderings?-id|konferenz|conference (?:id|call)|participant pin",
    r"\bitinerary|booking (?:confirmation|reference|number)|reservation|your (?:stay|flight|trip|booking)|check-?in|e-?ticket|\bpnr\b|boarding|departs|reisedaten|buchung(?:s(?:nummer|bestatigung))?\b|reserva\b|prenotazione",
    r"\bpick(?:ed)?[- ]?(?:it )?up|locker|your (?:package|parcel|delivery|order) (?:is|has|was|will)|abholcode|packstation|paczkoma|取件|collect your",
    r"(?:^|[ (])- ?\d{1,2} ?%|% (?:off|rabatt|de (?:reduction|descuento|desconto)|di sconto|korting|rabat)|\d% ?off|coupon|promo(?:tional)? code|gift ?card|voucher|gutschein|rabattcode|code promo|at checkout|claim code|promo-?code|codigo (?:promocional|de descuento)|codice sconto|kortingscode|kod rabatowy|промокод|クーポン|优惠|優惠|쿠폰",
    r"build (?:failed|passed)|issue #|code review|exit (?:code|status)|stack ?trace",
    r"\breceipt (?:for|from|no|number|#)|transaction id|amount paid|order total|invoice (?:id|no|number)|you (?:sent|paid) [$€£]",
];

/// That people talk about work, with words of all sorts.
const TALK: &[&str] = &[
    r"\breply to this email directly|commented on|mentioned you|(?:opened|created|closed|assigned) (?:an?|this|the) (?:issue|pull request|merge request|bug|ticket)|\bpull request #|\bmerge request !|^signed-off-by: |^diff --git |^change-id: i[0-9a-f]{8}|\[patch\b|\[jira\]",
];

/// What stands right before a thing that is told.
const TELLING: &str = r"(?:[:=>：]|\b(?:is|are|ist|lautet|est|es|e|ar|er|je|jest|on|to|la|la:|ialah|adalah|ay|das))[ \x22'(\[*]*$";

/// What stands right before a year.
const DATING: &str = r"\b(?:in|since|until|till|by|of|for|from|to|im|seit|bis|ab|en|depuis|em|desde|nel|dal|sinds|w|od|v|i|fra|om|за|в|с|з|у|от|expo|summer|winter|spring|autumn|fall|friday|edition|version|windows|office|copyright|jahr|ano|anno|annee|rok|year|q[1-4]) $";

/// What follows right after a thing that is there to be used.
const USE: &str = r"^[ ,:;.\x22'()*–—-]*(?:use|enter|type|input|give|verwende\w*|nutze\w*|gib|geben sie|utilise\w*|saisi\w*|usa|usalo|use-o|utiliza|ingres\w*|introdu\w*|digit\w*|inserisci\w*|gebruik|voer|uzyj|wpisz|введите|используйте)\b";

/// What one has with those who send codes.
const ACCOUNT: &str = r"\b(?:accounts?|konto|kontos|compte|cuenta|conta|profil\w*|kont[aeuo]|ucet\w*|number|nummer|numero|device|gerat|phone|sign|log|verif\w*|confirm\w*)\b|аккаунт|учетн";

/// What stands above an older message that is quoted without marks.
const OLDER: &str = r"^-{2,} ?(?:original message|original-?nachricht|ursprungliche nachricht|message d'origine|mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht|wiadomosc oryginalna|исходное сообщение|original appointment) ?-{2,}$";

/// That a code is one of before: what leads to it, and what follows.
const STALE: [&str; 2] = [
    r"\b(?:old|previous|earlier|former|expired|prior|last|alte[rn]?|bisherige[rn]?|vorherige[rn]?|ancien|precedent|anterior|antiguo|antigo|vecchio|precedente|oude|vorige|poprzedni\w*|stary|eski|onceki|gammal|tidligere|sebelumnya|cu)\b[\w ]{0,30}[ :]*$|(?:предыдущ|стар|попередн|предишн)\w*[^.]{0,24}$|(?:旧|以前の|前回の|之前的|上一个|이전|القديم|السابق|הקודם)[^.。]{0,12}$",
    r"^[ ).\x22'*]*(?:is no longer|no longer|has (?:now )?expired|(?:is|was) (?:now )?(?:invalid|expired|replaced|cancelled|used)|ist (?:nicht mehr|abgelaufen|ungultig)|n'est plus|a expire|ya no|ha caducado|nao e mais|expirou|non e piu|e scaduto|is niet meer|stracil|больше не|истек|已失效|已过期|は無効|만료)",
];

fn one_of(patterns: &[&str]) -> String {
    patterns.join("|")
}

fn words(spaced: &[&str], joined: &[&str]) -> LazyRegex {
    pattern(&format!(r"\b(?:{})\b|{}", one_of(spaced), one_of(joined)))
}

/// A pattern of ours; a test makes sure that each is one.
type LazyRegex = Option<Regex>;

/// The patterns, made when they are first needed.
pub struct Words {
    names: LazyRegex,
    soft: LazyRegex,
    other: LazyRegex,
    type_it: LazyRegex,
    typing: LazyRegex,
    identity: LazyRegex,
    elsewhere: LazyRegex,
    talk: LazyRegex,
    telling: LazyRegex,
    dating: LazyRegex,
    stale: [LazyRegex; 2],
    using: LazyRegex,
    account: LazyRegex,
    older: LazyRegex,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| Words {
    names: words(NAMES, NAMES_JOINED),
    soft: words(SOFT, SOFT_JOINED),
    other: pattern(&format!(
        r"(?:\b(?:{})|{}|[#№])[ .:#=№°º()\[-]*(?:(?:is|ist|lautet|est|es|e|er|ar|no|nr|nummer|id|of|von|de)\b)?[ .:#=№°º(\[-]*$",
        one_of(OTHER),
        one_of(OTHER_JOINED)
    )),
    type_it: pattern(&one_of(TYPE_IT)),
    typing: pattern(&one_of(TYPING)),
    identity: pattern(&one_of(IDENTITY)),
    elsewhere: pattern(&one_of(ELSEWHERE)),
    talk: pattern(&one_of(TALK)),
    telling: pattern(TELLING),
    dating: pattern(DATING),
    stale: STALE.map(pattern),
    using: pattern(USE),
    account: pattern(ACCOUNT),
    older: pattern(OLDER),
});

impl Words {
    /// The tables.
    pub fn known() -> &'static Self {
        &WORDS
    }

    /// Where names of codes stand in folded text, the surer sort or the softer one.
    pub fn names<'t>(&self, text: &'t str, soft: bool) -> impl Iterator<Item = regex::Match<'t>> {
        let table = if soft { &self.soft } else { &self.names };
        // What is part of a file's name, or of a program's, names nothing.
        let alnum = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let part = move |found: &regex::Match<'t>| {
            let (before, after) = (&text[..found.start()], &text[found.end()..]);
            before.strip_suffix('.').is_some_and(|rest| alnum(rest.chars().next_back()))
                || after.strip_prefix('.').is_some_and(|rest| alnum(rest.chars().next()))
        };
        table.iter().flat_map(move |table| table.find_iter(text)).filter(move |found| !part(found))
    }

    /// Whether folded text ends with the name of another number.
    pub fn ends_with_other(&self, text: &str) -> bool {
        let Some(found) = self.other.as_ref().and_then(|other| other.find(text)) else { return false };
        let before = &text[..found.start()];
        // The end of somebody's name, and what a code is for: `your login code for Example ID: 1234`.
        let of_name = before.ends_with(['.', '@']);
        let of_code = found.as_str().starts_with("id")
            && found.as_str().ends_with(": ")
            && self.names(before, false).last().is_some_and(|name| before.len() - name.end() < 40);
        !of_name && !of_code
    }

    /// Whether folded text ends with the wish to type what comes next.
    pub fn ends_with_type_it(&self, text: &str) -> bool {
        is(&self.type_it, text)
    }

    /// Whether folded text asks for something to be typed.
    pub fn asks_to_type(&self, text: &str) -> bool {
        is(&self.typing, text)
    }

    /// Whether folded text is about who somebody is.
    pub fn is_about_identity(&self, text: &str) -> bool {
        is(&self.identity, text)
    }

    /// Whether folded text is of people who talk about work.
    pub fn is_talk(&self, text: &str) -> bool {
        is(&self.talk, text)
    }

    /// Whether what follows folded text is told by it.
    pub fn ends_telling(&self, text: &str) -> bool {
        is(&self.telling, text)
    }

    /// Whether a year may follow folded text.
    pub fn ends_dating(&self, text: &str) -> bool {
        is(&self.dating, text)
    }

    /// Whether folded text begins with how to use what stands before it.
    pub fn begins_use(&self, text: &str) -> bool {
        is(&self.using, text)
    }

    /// Whether folded text is about an account.
    pub fn is_about_account(&self, text: &str) -> bool {
        is(&self.account, text)
    }

    /// Whether a folded line stands above an older message.
    pub fn begins_older(&self, text: &str) -> bool {
        is(&self.older, text)
    }

    /// Whether the code between two pieces of folded text is one of before.
    pub fn is_stale(&self, before: &str, after: &str) -> bool {
        is(&self.stale[0], before) || is(&self.stale[1], after)
    }

    /// Whether folded text is about something else that has codes.
    pub fn is_about_elsewhere(&self, text: &str) -> bool {
        is(&self.elsewhere, text)
    }
}

fn is(table: &LazyRegex, text: &str) -> bool {
    table.as_ref().is_some_and(|table| table.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_a_pattern() {
        let known = Words::known();
        let tables = [
            &known.names,
            &known.soft,
            &known.other,
            &known.type_it,
            &known.typing,
            &known.identity,
            &known.elsewhere,
            &known.talk,
            &known.telling,
            &known.dating,
            &known.stale[0],
            &known.stale[1],
            &known.using,
            &known.account,
            &known.older,
        ];
        assert!(tables.iter().all(|table| table.is_some()));
    }

    #[test]
    fn names_of_codes_and_of_other_numbers_are_known() {
        let known = Words::known();
        for name in [
            "your verification code",
            "google-bestatigungscode",
            "code de verification",
            "验证码：",
            "인증번호는",
        ] {
            assert!(known.names(name, false).next().is_some(), "{name}");
        }
        for other in [
            "order ",
            "order number: ",
            "ihre kundennummer lautet ",
            "card ending in ",
            "订单号 ",
            "pickup code ",
        ] {
            assert!(known.ends_with_other(other), "{other}");
        }
        assert!(!known.ends_with_other("your code is "));
    }
}
