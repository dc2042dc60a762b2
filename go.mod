module github.com/attune-vf/attune

go 1.26.0

ignore ./client-sdk/web/node_modules

tool (
	filippo.io/age/cmd/age
	filippo.io/age/cmd/age-keygen
)

require (
	c2sp.org/CCTV/age v0.0.0-20260829155415-4448f2097b2d // tests: the age vectors that other implementations run
	filippo.io/age v1.3.2 // the file format of clips, forms and key envelopes
	github.com/alecthomas/kong v1.17.0 // command lines as typed structs, instead of hand-parsed flags
	github.com/cedar-policy/cedar-go v1.9.0 // decisions that name their rule, instead of ifs
	github.com/go-json-experiment/json v1.27.2 // strict JSON: encoding/json lets duplicate and wrongly cased members through
	github.com/golang-jwt/jwt/v5 v5.3.1 // Ed25519 over JWS; its own encoding and parsing are not used
	github.com/google/go-cmp v0.7.0 // tests: readable differences
	github.com/hanwen/go-fuse/v2 v2.12.1 // tests: a file system that forgets what was not synced
	github.com/labstack/echo/v4 v4.16.0 // routes and middleware
	github.com/mdp/qrterminal/v3 v3.2.1 // QR codes on a terminal
	github.com/minio/minio-go/v7 v7.4.1 // signed requests to S3 servers; what is sent and retried is ours to say
	github.com/pressly/goose/v3 v3.29.0 // numbered SQL migrations
	github.com/rogpeppe/go-internal v1.16.0 // tests: testscript, the journey as documentation
	github.com/schollz/progressbar/v3 v3.19.1 // progress on a terminal
	github.com/sethvargo/go-diceware v0.6.0 // the EFF word list for six words
	github.com/zalando/go-keyring v0.2.8 // the keyring of a desktop
	go.uber.org/goleak v1.3.0 // tests: no goroutine left behind
	go.yaml.in/yaml/v3 v3.0.6 // packs and cases, with unknown fields refused
	golang.org/x/crypto v0.58.0 // argon2id, XChaCha20-Poly1305
	golang.org/x/mod v0.42.0 // RFC 6962 tree and signed notes of the Go checksum database
	golang.org/x/term v0.47.0 // passphrases without echo
	modernc.org/sqlite v1.61.1 // SQLite without cgo, so that one binary cross-builds
	pgregory.net/rapid v1.3.0 // tests: random statements in any order
)

require (
	filippo.io/edwards25519 v1.2.0 // indirect
	filippo.io/hpke v0.4.0 // indirect
	filippo.io/nistec v0.0.4 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/danieljoos/wincred v1.2.3 // indirect
	github.com/dustin/go-humanize v1.1.0 // indirect
	github.com/godbus/dbus/v5 v5.2.2 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/klauspost/compress v1.20.1
	github.com/klauspost/cpuid/v2 v2.4.0 // indirect
	github.com/klauspost/crc32 v1.3.0 // indirect
	github.com/labstack/gommon v0.5.0 // indirect
	github.com/mattn/go-colorable v0.1.15 // indirect
	github.com/mattn/go-isatty v0.0.24 // indirect
	github.com/mfridman/interpolate v0.0.2 // indirect
	github.com/minio/crc64nvme v1.1.1 // indirect
	github.com/minio/md5-simd v1.1.2 // indirect
	github.com/mitchellh/colorstring v0.0.0-20190213212951-d06e56a500db // indirect
	github.com/ncruces/go-strftime v1.1.0 // indirect
	github.com/philhofer/fwd v1.2.0 // indirect
	github.com/remyoudompheng/bigfft v0.0.0-20230129092748-24d4a6f8daec // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	github.com/rs/xid v1.6.0 // indirect
	github.com/sethvargo/go-retry v0.5.0 // indirect
	github.com/tinylib/msgp v1.6.4 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	github.com/valyala/fasttemplate v1.2.2 // indirect
	github.com/zeebo/xxh3 v1.1.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
	golang.org/x/exp v0.0.0-20261011100332-faecfb24eb49 // indirect
	golang.org/x/net v0.61.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
	golang.org/x/tools v0.52.0 // indirect
	gopkg.in/ini.v1 v1.67.3 // indirect
	modernc.org/libc v1.79.0 // indirect
	modernc.org/mathutil v1.7.1 // indirect
	modernc.org/memory v1.12.1 // indirect
	rsc.io/qr v0.2.0 // indirect
)

require (
	codeberg.org/go-pdf/fpdf v0.12.0 // indirect
	github.com/wneessen/go-mail v0.8.1 // indirect
)
