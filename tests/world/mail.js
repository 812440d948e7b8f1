// A mail server on loopback that tells each letter it gets as a line of JSON.
// Arguments: how it speaks (plain, starttls or tls), the file of its key and certificate, a password or nothing.
const fs = require("fs");
const { SMTPServer } = require("smtp-server");
const { simpleParser } = require("mailparser");
const [, , how, pem, password] = process.argv;
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
    const no = (words, responseCode) => done(Object.assign(new Error(words), { responseCode }));
    if (to.address.startsWith("busy")) no("try again later", 451);
    else if (to.address.startsWith("gone")) no("nobody of that name", 550);
    else done();
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
