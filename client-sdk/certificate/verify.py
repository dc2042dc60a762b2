import base64, hashlib, json, os, subprocess, sys, tempfile
def raw(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
def sha(data):
    return hashlib.sha256(data).digest()
def wrong(why):
    sys.exit("WRONG: " + why)
def signed(key, body, sig):  # Ed25519, by openssl; the twelve bytes say which kind of key it is
    with tempfile.TemporaryDirectory() as d:
        names = [os.path.join(d, n) for n in ("key", "body", "sig")]
        for name, data in zip(names, (bytes.fromhex("302a300506032b6570032100") + raw(key), body, sig)):
            with open(name, "wb") as f:
                f.write(data)
        return subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", names[0],
                               "-in", names[1], "-sigfile", names[2]], capture_output=True).returncode == 0
def statement(text, key, what):
    head, said, sig = text.split(".")
    said = json.loads(raw(said))
    if not signed(key or said["body"]["key"], text[:text.rindex(".")].encode(), raw(sig)):
        wrong(what + " is not signed by the key that should have signed it")
    return json.loads(raw(head))["kid"], said
f = json.load(open(sys.argv[1]))
root = statement(f["chain"][0], None, "the root")[1]["body"]["key"]
if sha(raw(root)) != raw(f["organisation"]):
    wrong("the root's key is another organisation's")
servers = {}
for text in f["chain"][1:]:
    said = statement(text, root, "the server's own certificate")[1]
    if said["kind"] != "server.certify" or said["record"] != f["organisation"]:
        wrong("somebody certified the server who is not the root")
    servers[sha(text.encode())] = said["body"]
server = servers.get(raw(json.loads(raw(f["statement"].split(".")[0]))["kid"])) or wrong("the root did not certify this server")
said = statement(f["statement"], server["key"], "the certificate")[1]
if said["kind"] != "clip.dispose" or said["record"] != f["family"] or said["body"] != f["body"]:
    wrong("what there is to read is not what was signed")
if sha(f["statement"].encode()) != raw(f["certificate"]):
    wrong("the certificate goes by another one's name")
note, last = f["proof"]["checkpoint"].split("\n\n")
sig = base64.b64decode(last.split()[2])[-64:]
if not any(signed(s["log_key"], (note + "\n").encode(), sig) for s in servers.values()):
    wrong("the log's checkpoint is not signed by the service")
name, size, top = note.split("\n")[:3]
at, end, row = f["proof"]["index"], int(size) - 1, f["proof"]["leaf"]
node = sha(b"\0" + row.encode())
for p in map(raw, f["proof"]["path"]):  # RFC 9162, section 2.1.3.2
    if at % 2 or at == end:
        node = sha(b"\1" + p + node)
        while at and not at % 2:
            at, end = at // 2, end // 2
    else:
        node = sha(b"\1" + node + p)
    at, end = at // 2, end // 2
if end or node != base64.b64decode(top):
    wrong("the row is not in the signed log")
if json.loads(row)["acc"]["stm"] != f["certificate"]:
    wrong("the row is of something else")
b = said["body"]
print("GOOD: clip %s of service %s" % (b["clip"], f["organisation"]))
print("  row %d of the log %s; backups may hold it until %s" % (f["proof"]["index"], name, b["backup"]))
