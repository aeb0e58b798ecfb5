/**
 * `node local/login/remove-second-factor.ts EMAIL`, by whoever runs the host and has made sure who asks: takes the
 * authenticator app of a person away, and ends their sessions. The host may be running; `CLOISTER_HOME` is its home.
 */
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { loginState } from './state.ts'

const [email = ''] = process.argv.slice(2)
const home = process.env['CLOISTER_HOME'] || '.cloister'
await access(join(home, 'login.db')).catch(() => {
  process.stderr.write(`There is no login.db in ${home}. CLOISTER_HOME says where the home is.\n`)
  process.exit(1)
})
const state = await loginState(home, () => Date.now())
const account = state.account(email)
if (account) {
  state.totp.remove(account.sub)
  state.end(account.sub, () => true)
}
state.close()
process.stdout.write(
  account ? `${email} signs in by the password alone now, and was signed out.\n` : `There is no account of ${email}.\n`,
)
process.exitCode = account ? 0 : 1
