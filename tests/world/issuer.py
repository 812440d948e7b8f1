#!PYTHON
import json, os, sys, time, uuid
folder = os.path.dirname(os.path.abspath(__file__))
place = lambda *parts: os.path.join(folder, *parts)
def mode(what):
    try: text = open(place("mode-" + what)).read().strip()
    except FileNotFoundError: return ""
    return text
task = json.load(sys.stdin)
do, name = task["do"], task["name"]
with open(place("calls"), "a") as calls: calls.write(do + " " + name + "\n")
how = mode(do)
if how == "refuse": sys.stderr.write("not today, for %s\n" % (task.get("secret") or "nobody")); sys.exit(1)
if how == "unreachable": sys.exit(75)
if how.startswith("rest"): print(json.dumps({"retry_after": int(how.split()[1])})); sys.exit(1)
if how == "usage": sys.exit(64)
if do == "issue":
    if how != "nothing-made":
        value, id = "tok-" + uuid.uuid4().hex, uuid.uuid4().hex
        with open(place("live", name + ".new"), "w") as file: json.dump({"value": value, "id": id}, file)
        os.rename(place("live", name + ".new"), place("live", name))
    if how == "silent" : sys.exit(0)
    if how == "html": print("<!doctype html><title>Sign in</title>"); sys.exit(0)
    if how == "half": sys.stdout.write('{"value":"' + value[:6]); sys.exit(0)
    if how == "flood":
        for _ in range(100000): sys.stdout.write("x" * 100)
        sys.exit(0)
    if how == "hang":
        os.fork()
        time.sleep(600)
    answer = {"value": value, "id": id}
    seconds = mode("life")
    if seconds: answer["expires_in"] = int(seconds)
    if task["ttl"]: answer["expires_in"] = task["ttl"]
    print(json.dumps(answer))
elif do == "revoke":
    for entry in os.listdir(place("live")):
        if entry.endswith(".new"): continue
        try:
            held = json.load(open(place("live", entry)))
            if held["value"] == task["value"] or held["id"] == task["id"] or entry == name: os.remove(place("live", entry))
        except FileNotFoundError: pass  # another call has just removed it
elif do == "find":
    try: print(json.dumps({"id": json.load(open(place("live", name)))["id"]}))
    except FileNotFoundError: print(json.dumps({"id": None}))
else: sys.exit(64)
