/** For tests: a certificate authority of a minute ago, and what it signs. By openssl, which Debian and macOS have. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Authority {
  /** File of its own certificate. */
  certificate: string
  /** A certificate for a server of these names, or for a person when `who` names one; files of chain and key. */
  sign: (who: { names: readonly string[] } | { person: string }, as: string) => { certificate: string; key: string }
}

/** Makes an authority whose files lie in `folder`. */
export function certificateAuthority(folder: string): Authority {
  const file = (name: string): string => join(folder, name)
  const openssl = (line: string): unknown => execFileSync('openssl', line.split(' '), { cwd: folder, stdio: 'pipe' })
  const newKey = 'req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
  openssl(`${newKey} -x509 -days 2 -subj /CN=Campus -keyout ca.key -out ca.pem`)
  return {
    certificate: file('ca.pem'),
    sign(who, as) {
      const isServer = 'names' in who
      const common = isServer ? who.names[0]! : who.person
      openssl(`${newKey} -subj /CN=${common} -keyout ${as}.key -out ${as}.csr`)
      writeFileSync(
        file(`${as}.ext`),
        isServer
          ? `subjectAltName=${who.names.map((name) => `DNS:${name}`).join(',')}\nextendedKeyUsage=serverAuth\n`
          : 'extendedKeyUsage=clientAuth\n',
      )
      openssl(
        `x509 -req -in ${as}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ${as}.ext -out ${as}.pem`,
      )
      return { certificate: file(`${as}.pem`), key: file(`${as}.key`) }
    },
  }
}
