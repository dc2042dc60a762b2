"""A real SMTP server (aiosmtpd) that keeps each message as a file and refuses some addresses.

smtpd.py PORT DIR [starttls|implicit CERT KEY [USER PASSWORD]]
"""
import ssl, sys, threading
from pathlib import Path
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

port, folder, how = int(sys.argv[1]), Path(sys.argv[2]), (sys.argv + [""])[3]


class Keep:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = "%03d-%s" % (len(list(folder.iterdir())), envelope.rcpt_tos[0])
        (folder / name).write_bytes(envelope.content)
        return "250 kept"


options = {}
if how:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[4], sys.argv[5])
    options = {"ssl_context": context} if how == "implicit" else {"tls_context": context, "require_starttls": True}
if len(sys.argv) > 6:
    user, password = sys.argv[6].encode(), sys.argv[7].encode()
    options.update(auth_required=True, authenticator=lambda s, session, e, mechanism, data: AuthResult(
        success=(data.login, data.password) == (user, password)))

Controller(Keep(), hostname="127.0.0.1", port=port, server_hostname="mail.example.org", **options).start()
print("ready", flush=True)
threading.Event().wait()
