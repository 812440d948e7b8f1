// A mail server on loopback that tells each letter it gets as a line of JSON.
// Arguments: how it speaks (plain, starttls or tls), the file of its key and certificate, a password or nothing.
const fs = require("fs");
const { SMTPServer } = require("smtp-server");
const { simpleParser } = require("mailparser");
const [, , how, pem, password] = process.argv;
// Who was named as a recipient so far: `once` is refused at first, `busy` for now, `gone` for good.
const asked = new Set();
const both = fs.readFileSync(pem);
const server = new SMTPServer({
  secure: how === "tls",
  hideSTARTTLS: how !== "starttls",
  key: both,
  cert: both,
  authOptional: !password,
  onAuth: (login, session, done) =>
    login.password === password ? done(null, { user: login.username }) : done(new Error("wrong password")),
  onRcptTo: (to, session, done) => {
    const refusal = (code, words) => Object.assign(new Error(words), { responseCode: code });
    const name = to.address.split("@")[0];
    const isFirst = !asked.has(name);
    asked.add(name);
    if (name.startsWith("busy") || (name === "once" && isFirst)) return done(refusal(451, "try again later"));
    done(name.startsWith("gone") ? refusal(550, "nobody of that name") : null);
  },
  onData: (stream, session, done) =>
    simpleParser(stream).then((letter) => {
      const to = session.envelope.rcptTo.map((one) => one.address);
      const { subject, text, html, messageId, from } = letter;
      console.log("letter " + JSON.stringify({ to, from: from.text, subject, text, html, messageId, secure: session.secure, user: session.user || null }));
      done();
    }, done),
});
server.on("error", (error) => console.error(error.message));
server.listen(0, "127.0.0.1", () => console.log("listening on " + server.server.address().port));
