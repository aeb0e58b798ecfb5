/**
 * The configuration of LemonLDAP::NG as the bridge to a campus that speaks SAML (docs/campus.md, section 9): a service
 * provider towards the campus, an OpenID provider towards Cloister.
 *
 *   node local/campus/bridge.ts BRIDGE CLOISTER FOLDER
 *
 * writes the next `lmConf-*.json` into /var/lib/lemonldap-ng/conf. FOLDER holds what it needs: `campus.xml`,
 * `saml.key`, `saml.pem` and `secret`.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What a campus says of itself and of the bridge. */
export interface BridgeSettings {
  /** Where people reach the bridge, without a path: `https://login.uni.example`. */
  bridge: string
  /** Where people reach Cloister: its `CLOISTER_MAIN_ORIGIN`. */
  cloister: string
  /** Secret between the bridge and Cloister: its `CLOISTER_CAMPUS_SECRET`. */
  secret: string
  /** Metadata of the campus' identity provider. */
  metadata: string
  /** With which the bridge signs towards the campus: key and certificate, as PEM. */
  samlKey: string
  samlCertificate: string
  /** With which it signs towards Cloister: `rotateOidcKeys` of the package makes the next. */
  oidcKey: { private: string; public: string; id: string }
  /** Of this configuration: the bridge takes the one with the highest. */
  number: number
  /** Where its sessions lie. */
  sessions?: string
}

/** Cloister's name at the bridge: its `CLOISTER_CAMPUS_CLIENT`. */
export const bridgeClient = 'cloister'

/** Attributes as the campus' federations name them (eduPerson), and as the bridge does. */
const attributes = {
  uid: 'urn:oid:0.9.2342.19200300.100.1.1',
  mail: 'urn:oid:0.9.2342.19200300.100.1.3',
  cn: 'urn:oid:2.16.840.1.113730.3.1.241',
  memberOf: 'urn:oid:1.3.6.1.4.1.5923.1.5.1.1',
} as const
const uriNames = 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri'

/**
 * How long the bridge remembers who came, in seconds: less than the five minutes within which Cloister takes a sign-in
 * at the campus for fresh. So whoever must sign in anew is asked by the campus, as LemonLDAP::NG 2.16 cannot renew a
 * session that came by SAML: it would ask again and again.
 */
const remembered = 240

/** `lmConf-*.json`, the whole of it. */
export function bridgeConfiguration(settings: BridgeSettings): object {
  const { bridge, cloister } = settings
  const sessions = settings.sessions ?? '/var/lib/lemonldap-ng/sessions'
  const isMandatory = (name: string): boolean => name === 'uid' || name === 'mail'
  return {
    cfgNum: settings.number,
    cfgAuthor: 'cloister',
    cfgAuthorIP: '127.0.0.1',
    cfgDate: settings.number,
    cfgVersion: '2.0.0',
    portal: bridge,
    domain: new URL(bridge).hostname,
    securedCookie: bridge.startsWith('https:') ? 1 : 0,
    key: randomBytes(24).toString('base64url'),
    whatToTrace: '_whatToTrace',
    globalStorage: 'Apache::Session::File',
    globalStorageOptions: {
      Directory: sessions,
      LockDirectory: `${sessions}/lock`,
      generateModule: 'Lemonldap::NG::Common::Apache::Session::Generate::SHA256',
    },
    persistentStorage: 'Apache::Session::File',
    persistentStorageOptions: { Directory: sessions, LockDirectory: `${sessions}/lock` },
    // In by the campus and by nothing else; the bridge knows no passwords.
    authentication: 'SAML',
    userDB: 'Same',
    passwordDB: 'Null',
    registerDB: 'Null',
    portalDisplayRegister: 0,
    portalDisplayResetPassword: 0,
    // The campus is asked each time that a session begins.
    timeout: remembered,
    portalForceAuthnInterval: remembered + 1,
    locationRules: { default: { default: 'deny' } },
    macros: { _whatToTrace: '$_auth eq "SAML" ? lc($_user . "@" . $_idpConfKey) : lc($_user)' },
    samlServicePrivateKeySig: settings.samlKey,
    samlServicePublicKeySig: settings.samlCertificate,
    samlServiceUseCertificateInResponse: 1,
    samlIDPMetaDataXML: { campus: { samlIDPMetaDataXML: settings.metadata } },
    samlIDPMetaDataExportedAttributes: {
      campus: Object.fromEntries(
        Object.entries(attributes).map(([name, uri]) => [name, `${isMandatory(name) ? 1 : 0};${uri};${uriNames};`]),
      ),
    },
    samlIDPMetaDataOptions: {
      campus: {
        samlIDPMetaDataOptionsNameIDFormat: 'persistent',
        // Whoever is asked to sign in anew is asked by the campus, not by a session that it remembers.
        samlIDPMetaDataOptionsForceAuthn: 1,
        samlIDPMetaDataOptionsAllowLoginFromIDP: 0,
        samlIDPMetaDataOptionsCheckTime: 1,
        samlIDPMetaDataOptionsCheckAudience: 1,
        samlIDPMetaDataOptionsCheckSSOMessageSignature: 1,
        samlIDPMetaDataOptionsCheckSLOMessageSignature: 1,
        samlIDPMetaDataOptionsSignSSOMessage: 1,
        samlIDPMetaDataOptionsSignSLOMessage: 1,
        samlIDPMetaDataOptionsSSOBinding: 'http-redirect',
        samlIDPMetaDataOptionsSLOBinding: 'http-redirect',
        samlIDPMetaDataOptionsUserAttribute: attributes.uid,
      },
    },
    issuerDBOpenIDConnectActivation: 1,
    oidcServiceMetaDataIssuer: bridge,
    oidcServicePrivateKeySig: settings.oidcKey.private,
    oidcServicePublicKeySig: settings.oidcKey.public,
    oidcServiceKeyIdSig: settings.oidcKey.id,
    oidcServiceAllowAuthorizationCodeFlow: 1,
    oidcServiceAllowImplicitFlow: 0,
    oidcServiceAllowHybridFlow: 0,
    oidcServiceAllowDynamicRegistration: 0,
    oidcRPMetaDataOptions: {
      cloister: {
        oidcRPMetaDataOptionsDisplayName: 'Cloister',
        oidcRPMetaDataOptionsClientID: bridgeClient,
        oidcRPMetaDataOptionsClientSecret: settings.secret,
        oidcRPMetaDataOptionsRedirectUris: `${cloister}/oidc/campus`,
        oidcRPMetaDataOptionsPostLogoutRedirectUris: `${cloister}/`,
        oidcRPMetaDataOptionsRequirePKCE: 1,
        oidcRPMetaDataOptionsBypassConsent: 1,
        oidcRPMetaDataOptionsLogoutBypassConfirm: 1,
        oidcRPMetaDataOptionsIDTokenSignAlg: 'RS256',
        oidcRPMetaDataOptionsIDTokenForceClaims: 1,
        oidcRPMetaDataOptionsUserIDAttr: '_whatToTrace',
      },
    },
    oidcRPMetaDataExportedVars: {
      cloister: { email: 'mail;string;never', name: 'cn;string;never', groups: 'memberOf;string;always' },
    },
    oidcRPMetaDataOptionsExtraClaims: { cloister: { profile: 'name groups' } },
  }
}

/** A first key of the bridge towards Cloister. */
export function newOidcKey(): BridgeSettings['oidcKey'] {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    private: privateKey.export({ type: 'pkcs1', format: 'pem' }) as string,
    public: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    id: randomBytes(8).toString('hex'),
  }
}

/** The number after the highest of those that lie in the bridge's folder. */
export async function nextNumber(folder: string): Promise<number> {
  const numbers = (await readdir(folder)).map((name) => Number(/^lmConf-(\d+)\.json$/.exec(name)?.[1] ?? 0))
  return Math.max(0, ...numbers) + 1
}

if (import.meta.main) {
  const [bridge, cloister, folder] = process.argv.slice(2)
  if (!bridge || !cloister || !folder) {
    process.stderr.write('node local/campus/bridge.ts https://login.uni.example https://cloister.uni.example FOLDER\n')
    process.exit(1)
  }
  const text = (name: string): Promise<string> => readFile(join(folder, name), 'utf8')
  const conf = '/var/lib/lemonldap-ng/conf'
  const number = await nextNumber(conf)
  const configuration = bridgeConfiguration({
    bridge,
    cloister,
    number,
    secret: (await text('secret')).trim(),
    metadata: await text('campus.xml'),
    samlKey: await text('saml.key'),
    samlCertificate: await text('saml.pem'),
    oidcKey: newOidcKey(),
  })
  const file = join(conf, `lmConf-${number}.json`)
  await writeFile(file, JSON.stringify(configuration, null, 2), { mode: 0o640 })
  process.stdout.write(`${file}\n`)
}
