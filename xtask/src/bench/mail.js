// The mail server that ours is measured beside: it writes each mail into a file of its own and syncs it.
// Argument: the folder.
const fs = require("fs");
const { SMTPServer } = require("smtp-server");
const folder = process.argv[2];
let number = 0;
const server = new SMTPServer({
  disabledCommands: ["AUTH", "STARTTLS"],
  disableReverseLookup: true,
  onData: (stream, session, done) => {
    const chunks = [];
    stream.on("data", (chunk) => chunks.push(chunk));
    stream.on("end", () => {
      fs.open(folder + "/" + number++, "wx", 0o600, (error, file) => {
        if (error) return done(error);
        fs.write(file, Buffer.concat(chunks), (error) => {
          if (error) return done(error);
          fs.fsync(file, (error) => fs.close(file, () => done(error)));
        });
      });
    });
  },
});
server.listen(0, "127.0.0.1", () => console.log(server.server.address().port));
