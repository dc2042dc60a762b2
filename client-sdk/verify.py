import base64, hashlib, json, os, sys
folder = sys.argv[1] if len(sys.argv) > 1 else "."
def read(name):
    return open(os.path.join(folder, name), "rb")
def sha(data):
    return hashlib.sha256(data).digest()
def leaves():
    for at, line in enumerate(read("events.ndjson")):
        try:
            yield json.loads(line)["n"], sha(b"\0" + line[:-1])
        except ValueError:
            sys.exit("WRONG: line %d of the rows cannot be read" % (at + 1))
def proved(n, leaf, proof):  # RFC 9162, section 2.1.3.2
    at, last = n, size - 1
    for p in proof:
        if at % 2 or at == last:
            leaf = sha(b"\1" + p + leaf)
            while at and not at % 2:
                at, last = at // 2, last // 2
        else:
            leaf = sha(b"\1" + leaf + p)
        at, last = at // 2, last // 2
    return last == 0 and leaf == root
text = read("checkpoint").read().decode().split("\n")
size, root, count = int(text[1]), base64.b64decode(text[2]), 0
if os.path.exists(os.path.join(folder, "proofs.ndjson")):
    proofs = [json.loads(line) for line in read("proofs.ndjson")]
    for n, leaf in leaves():
        if count == len(proofs) or proofs[count]["n"] != n or proofs[count]["i"] != count:
            sys.exit("WRONG: the proof beside row %d is another's, or rows are missing" % n)
        if not proved(n, leaf, [base64.b64decode(p) for p in proofs[count]["proof"]]):
            sys.exit("WRONG: row %d is not a row of the signed log" % n)
        count += 1
    if count != len(proofs):
        sys.exit("WRONG: row %d is missing" % proofs[count]["n"])
else:
    first, tops, told = json.loads(read("export.json").read())["from"], [], False
    for tile in range(first // 256):  # rows that were pruned, by their hashes
        at, name = tile // 1000, "%03d" % (tile % 1000)
        while at:
            at, name = at // 1000, "x%03d/%s" % (at % 1000, name)
        if not os.path.exists(os.path.join(folder, "tile/0/" + name)):
            sys.exit("WRONG: the hashes of rows %d to %d are missing" % (count, count + 255))
        row = read("tile/0/" + name).read()
        row = [row[i:i + 32] for i in range(0, len(row), 32)]
        while len(row) > 1:
            row = [sha(b"\1" + row[i] + row[i + 1]) for i in range(0, len(row), 2)]
        leaf, n, count = row[0], tile, count + 256
        while n % 2:
            leaf, n = sha(b"\1" + tops.pop() + leaf), n // 2
        tops.append(leaf)
    if first:
        for line in read("events.ndjson"):
            e = json.loads(line)
            told = told or e["act"] == "log.prune" and e["rng"].startswith("rows below %d of %d " % (first, e["n"]))
        if first % 256 or not told:
            sys.exit("WRONG: row 0 is missing, and no row says that it was pruned")
    for n, leaf in leaves():
        if n != count:
            sys.exit("WRONG: row %d stands where row %d belongs" % (n, count))
        while n % 2:
            leaf, n = sha(b"\1" + tops.pop() + leaf), n // 2
        tops.append(leaf)
        count += 1
    whole = tops.pop() if tops else sha(b"")
    while tops:
        whole = sha(b"\1" + tops.pop() + whole)
    if count != size or whole != root:
        sys.exit("WRONG: %d rows give another root than the signed %d rows" % (count, size))
print("GOOD: %d rows of the log %s, which has %d" % (count, text[0], size))
