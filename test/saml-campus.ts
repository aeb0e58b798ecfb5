/**
 * For tests: a campus that speaks SAML, and a bridge to it, as Debian packages them and docs/campus.md sets them up:
 * SimpleSAMLphp knows the people, LemonLDAP::NG (by local/campus/bridge.ts) takes its word and speaks OpenID Connect.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bridgeClient, bridgeConfiguration, newOidcKey, nextNumber } from '../local/campus/bridge.ts'
import { freePort } from '../local/testing.ts'
import { ensureFromDebian } from '../tools/debian.ts'
import { CampusBrowser, formOf } from './campus-browser.ts'
import { eventually } from './eventually.ts'

interface CampusPeople {
  [username: string]: { password: string; mail: string; cn: string; groups: string[] }
}
export interface SamlCampus {
  /** Of the bridge. */
  issuer: string
  client: { clientId: string; clientSecret: string }
  /** Whom the campus knows from now on. */
  people: (who: CampusPeople) => Promise<void>
  /** Goes from `address`, signs in wherever the campus asks, and answers where it is sent to in the end. */
  signIn: (browser: CampusBrowser, address: string, username: string) => Promise<{ at: string; asked: number }>
  browser: () => CampusBrowser
  /** Follows a sign-out from `address` to where it ends. */
  signOut: (browser: CampusBrowser, address: string) => Promise<string>
  /** Has so many seconds pass for the sessions of the bridge. */
  pass: (seconds: number) => Promise<void>
  /** Whether bridge and campus still know who this browser is. */
  remembers: (browser: CampusBrowser) => Promise<{ bridge: boolean; campus: boolean }>
  /** From now on the bridge signs with another key; the one before is gone. */
  rotateBridgeKeys: () => Promise<void>
  /** The campus makes its next key: `announce` says so in its metadata, `use` signs with it. */
  nextCampusKey: (step: 'announce' | 'use') => Promise<void>
  /** The bridge reads the campus' metadata anew. */
  readMetadata: () => Promise<void>
  close: () => Promise<void>
}

/** What is needed, and the packages it comes with; docs/campus.md installs the same, and this test looks so. */
export const debian: Readonly<Record<string, readonly string[]>> = {
  '/usr/share/lemonldap-ng/portal/htdocs/index.psgi': ['liblemonldap-ng-portal-perl', 'lemonldap-ng-fastcgi-server'],
  '/usr/share/doc/liblasso-perl': ['liblasso-perl'],
  '/usr/share/perl5/XML/Simple.pm': ['libxml-simple-perl'],
  '/usr/share/perl5/String/Random.pm': ['libstring-random-perl'],
  '/usr/share/perl5/Convert/PEM.pm': ['libconvert-pem-perl'],
  '/usr/share/perl5/GD/SecurityImage.pm': ['libgd-securityimage-perl', 'libimage-magick-perl'],
  // The campus' own, on another machine.
  '/usr/share/simplesamlphp/www': ['php-cgi', 'php-cli', 'php-xml', 'nginx-light', 'simplesamlphp'],
}

/** Why this cannot be tried here: this Debian has no SimpleSAMLphp (13 and later); undefined where it can. */
export function missingHere(): string | undefined {
  if (existsSync('/usr/share/simplesamlphp/www') || !existsSync('/usr/bin/apt-cache')) return undefined
  const { stdout } = spawnSync('/usr/bin/apt-cache', ['policy', 'simplesamlphp'], { encoding: 'utf8' })
  const isUnknown = stdout === '' || /Candidate: \(none\)/.test(stdout)
  // A list that was never fetched knows nothing: then installing tells.
  const hasLists = /Candidate: \d/.test(
    spawnSync('/usr/bin/apt-cache', ['policy', 'nginx'], { encoding: 'utf8' }).stdout,
  )
  return isUnknown && hasLists ? 'this Debian has no package simplesamlphp' : undefined
}

const entity = 'urn:cloister:test:campus'
const php = (json: string, name: string): string =>
  `<?php\n$${name} = json_decode(file_get_contents(${JSON.stringify(json)}), true);\n`

/** Starts both; people come back to Cloister at `cloister`. */
export async function startSamlCampus(cloister: string): Promise<SamlCampus> {
  for (const [needed, packages] of Object.entries(debian)) ensureFromDebian(needed, packages)
  const folder = await mkdtemp(join(tmpdir(), 'cloister-saml-'))
  const file = (name: string): string => join(folder, name)
  for (const name of ['conf', 'sessions/lock', 'cache', 'idp/metadata', 'idp/cert', 'idp/data', 'idp/sessions'])
    await mkdir(file(name), { recursive: true })
  const certificate = (name: string): void => {
    const line = `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=campus -keyout ${name}.key -out ${name}.pem`
    execFileSync('openssl', line.split(' '), { cwd: folder, stdio: 'pipe' })
  }
  certificate('bridge')
  certificate('idp/cert/first')

  // The campus: at another name than the bridge, so that neither sees the other's cookies.
  const [campusPort, bridgePort] = [await freePort(), await freePort()]
  const campus = `http://localhost:${campusPort}`
  const bridge = `http://127.0.0.1:${bridgePort}`
  const hosted = async (keys: object): Promise<void> => {
    const metadata = {
      [entity]: {
        host: '__DEFAULT__',
        auth: 'people',
        ...keys,
        'signature.algorithm': 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
        'validate.logout': true,
        'redirect.sign': true,
        'redirect.validate': true,
        'attributes.NameFormat': 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
        NameIDFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
        authproc: {
          3: { class: 'saml:PersistentNameID', attribute: 'uid' },
          100: { class: 'core:AttributeMap', 0: 'name2oid' },
        },
      },
    }
    await writeFile(file('idp/hosted.json'), JSON.stringify(metadata))
  }
  let campusKey = 'first'
  let announced: string | undefined
  const publish = (): Promise<void> =>
    hosted({
      privatekey: `${campusKey}.key`,
      certificate: `${campusKey}.pem`,
      ...(announced ? { new_privatekey: `${announced}.key`, new_certificate: `${announced}.pem` } : {}),
    })
  await publish()
  await writeFile(file('idp/metadata/saml20-idp-hosted.php'), php(file('idp/hosted.json'), 'metadata'))
  await writeFile(file('idp/authsources.php'), php(file('idp/people.json'), 'config'))
  const config = {
    baseurlpath: `${campus}/`,
    certdir: `${file('idp/cert')}/`,
    datadir: `${file('idp/data')}/`,
    loggingdir: `${file('idp')}/`,
    tempdir: file('idp/data'),
    metadatadir: `${file('idp/metadata')}/`,
    attributenamemapdir: '/etc/simplesamlphp/attributemap/',
    secretsalt: 'of-this-test-alone-4711',
    'auth.adminpassword': 'of-this-test-alone-0815',
    timezone: 'UTC',
    'logging.handler': 'file',
    'enable.saml20-idp': true,
    'module.enable': { exampleauth: true, core: true, saml: true },
    'session.cookie.secure': false,
    'session.cookie.samesite': 'Lax',
    'session.phpsession.savepath': file('idp/sessions'),
    'store.type': 'phpsession',
  }
  const believe = (others: object[]): Promise<void> =>
    writeFile(
      file('idp/config.json'),
      JSON.stringify({ ...config, 'metadata.sources': [{ type: 'flatfile' }, ...others] }),
    )
  await believe([])
  await writeFile(file('idp/config.php'), php(file('idp/config.json'), 'config'))
  const people = async (who: CampusPeople): Promise<void> => {
    const known = Object.entries(who).map(([uid, { password, mail, cn, groups }]) => [
      `${uid}:${password}`,
      { uid: [uid], mail: [mail], displayName: [cn], isMemberOf: groups },
    ])
    await writeFile(
      file('idp/people.json'),
      JSON.stringify({ people: { 0: 'exampleauth:UserPass', ...Object.fromEntries(known) } }),
    )
  }
  await people({})
  const passwords = new Map<string, string>()
  const children: ChildProcess[] = []
  const run = (program: string, args: string[], env: Record<string, string>): ChildProcess => {
    const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, ...env } })
    children.push(child)
    return child
  }
  const answers = (what: string, url: string): Promise<unknown> =>
    eventually(what, async () => (await fetch(url, { redirect: 'manual' }).catch(() => undefined))?.ok === true)
  run('php', ['-S', `localhost:${campusPort}`, '-t', '/usr/share/simplesamlphp/www'], {
    SIMPLESAMLPHP_CONFIG_DIR: file('idp'),
  })
  const metadataOf = `${campus}/saml2/idp/metadata.php`
  await answers('SimpleSAMLphp answers', metadataOf)

  // The bridge.
  const client = { clientId: bridgeClient, clientSecret: 'ofThisTestAlone4711' }
  const ini = file('lemonldap-ng.ini')
  const cache = `{ 'namespace' => 'config', 'default_expires_in' => 600, 'cache_root' => '${file('cache')}', 'cache_depth' => 0 }`
  await writeFile(
    ini,
    [
      '[all]',
      'logLevel = warn',
      '[configuration]',
      'type = File',
      `dirName = ${file('conf')}`,
      'localStorage = Cache::FileCache',
      `localStorageOptions = ${cache}`,
      '[portal]',
      'staticPrefix = /static',
      'templateDir = /usr/share/lemonldap-ng/portal/templates',
      'languages = en',
      '[handler]',
      '',
    ].join('\n'),
  )
  const environment = { LLNG_DEFAULTCONFFILE: ini }
  const configure = async (): Promise<void> => {
    const number = await nextNumber(file('conf'))
    const settings = {
      bridge,
      cloister,
      secret: client.clientSecret,
      metadata: await (await fetch(metadataOf)).text(),
      samlKey: await readFile(file('bridge.key'), 'utf8'),
      samlCertificate: await readFile(file('bridge.pem'), 'utf8'),
      oidcKey: newOidcKey(),
      number,
      sessions: file('sessions'),
    }
    await writeFile(file(`conf/lmConf-${number}.json`), JSON.stringify(bridgeConfiguration(settings)))
  }
  await configure()
  let portal: ChildProcess | undefined
  const stop = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => {
      child.once('exit', resolve)
    })
    child.kill()
    await gone
  }
  /** As `systemctl restart lemonldap-ng-fastcgi-server` does. */
  const restart = async (): Promise<void> => {
    if (portal) await stop(portal)
    await rm(file('cache'), { recursive: true, force: true })
    await mkdir(file('cache'))
    portal = run(
      '/usr/bin/plackup',
      [
        '--host',
        '127.0.0.1',
        '--port',
        String(bridgePort),
        '--env',
        'deployment',
        '/usr/share/lemonldap-ng/portal/htdocs/index.psgi',
      ],
      environment,
    )
    await answers('LemonLDAP::NG answers', `${bridge}/.well-known/openid-configuration`)
  }
  await restart()
  await writeFile(file('idp/bridge.xml'), await (await fetch(`${bridge}/saml/metadata`)).text())
  await believe([{ type: 'xml', file: file('idp/bridge.xml') }])

  const hosts = [new URL(campus).host, new URL(bridge).host]
  return {
    issuer: bridge,
    client,
    people: async (who) => {
      for (const [name, { password }] of Object.entries(who)) passwords.set(name, password)
      await people(who)
    },
    browser: () => new CampusBrowser(),
    signIn: async (browser, address, username) => {
      let page = await browser.follow(address, hosts)
      let asked = 0
      for (let steps = 0; steps < 4; steps++) {
        const form = formOf(page.html)
        if (!form || !('password' in form.fields || 'confirm' in form.fields)) break
        // The bridge shows a button before it asks the campus anew.
        const answers: Record<string, string> =
          'password' in form.fields ? { username, password: passwords.get(username) ?? 'nothing' } : {}
        asked += 'password' in form.fields ? 1 : 0
        const to = new URL(form.action || page.at, page.at).href
        page = await browser.follow(to, hosts, { ...form.fields, ...answers })
      }
      return { at: page.html ? `${page.at}: ${page.status} ${page.html.slice(0, 300)}` : page.at, asked }
    },
    signOut: async (browser, address) => {
      let page = await browser.follow(address, hosts)
      // The bridge asks whether the person means it.
      const asks = formOf(page.html)
      if (asks && 'confirm' in asks.fields) {
        const query = new URL(page.at).searchParams
        page = await browser.follow(page.at, hosts, { ...Object.fromEntries(query), ...asks.fields, confirm: '1' })
      }
      const { at, html, status } = page
      return html ? `${at}: ${status} ${html.slice(0, 300)}` : at
    },
    pass: async (seconds) => {
      for (const entry of await readdir(file('sessions'), { withFileTypes: true })) {
        if (!entry.isFile()) continue
        const session = JSON.parse(await readFile(file(`sessions/${entry.name}`), 'utf8')) as Record<string, number>
        for (const moment of ['_utime', '_lastAuthnUTime'])
          if (session[moment] !== undefined) session[moment] -= seconds
        await writeFile(file(`sessions/${entry.name}`), JSON.stringify(session))
      }
    },
    remembers: async (browser) => {
      const at = async (url: string): Promise<string> => (await browser.follow(url, hosts)).html
      return {
        bridge: /logout/i.test(await at(`${bridge}/`)),
        campus: /logout/i.test(await at(`${campus}/module.php/core/authenticate.php?as=people`)),
      }
    },
    rotateBridgeKeys: async () => {
      execFileSync('/usr/share/lemonldap-ng/bin/rotateOidcKeys', {
        env: { ...process.env, ...environment },
        stdio: 'pipe',
      })
      await restart()
    },
    nextCampusKey: async (step) => {
      if (step === 'announce') {
        announced = `key-${campusKey.length}-${(await readdir(file('idp/cert'))).length}`
        certificate(`idp/cert/${announced}`)
      } else {
        campusKey = announced!
        announced = undefined
      }
      await publish()
    },
    readMetadata: async () => {
      await configure()
      await restart()
    },
    close: async () => {
      for (const child of children) await stop(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}
