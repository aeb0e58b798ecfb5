/**
 * `npm run sbom`: writes `dist/cloister-VERSION.cdx.json`, the software bill of materials of this version in CycloneDX
 * 1.6 (https://cyclonedx.org/docs/1.6/json): every package of every lock file with its hash, licence and when it is
 * brought, and Debian's packages in the image of jobs. The same tree gives the same bytes.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../steps.ts'
import { installations, type LockedPackage, lockedPackages } from './packages.ts'

interface Component {
  type: 'library' | 'application' | 'platform'
  'bom-ref': string
  name: string
  version?: string
  purl?: string
  scope?: 'required' | 'optional' | 'excluded'
  licenses?: ({ license: { id: string } } | { expression: string })[]
  hashes?: { alg: string; content: string }[]
  properties?: { name: string; value: string }[]
}

const project = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }

/** A package URL (https://github.com/package-url/purl-spec): the scope's @ is escaped, its slash is not. */
const packageUrl = (name: string, version: string): string =>
  `pkg:npm/${name.replace('@', '%40')}@${encodeURIComponent(version)}`

const algorithms: Record<string, string> = { sha1: 'SHA-1', sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' }

/** The hashes of a subresource integrity string, as CycloneDX writes them. */
const hashesOf = (integrity: string | undefined): Component['hashes'] =>
  (integrity ?? '')
    .split(/\s+/)
    .filter(Boolean)
    .flatMap((one) => {
      const [algorithm = '', content = ''] = one.split('-')
      const alg = algorithms[algorithm]
      return alg === undefined ? [] : [{ alg, content: Buffer.from(content, 'base64').toString('hex') }]
    })

const scopeOf = ({ development, installation }: LockedPackage): Component['scope'] => {
  if (development) return 'excluded'
  return installation === '.' ? 'required' : 'optional'
}

function componentOf(one: LockedPackage): Component {
  const { name, version, licence, integrity, installation, path, ofPlatform } = one
  return {
    type: 'library',
    'bom-ref': `${installation}/${path}`,
    name,
    version,
    purl: packageUrl(name, version),
    scope: scopeOf(one),
    licenses: [/[ (]/.test(licence) ? { expression: licence } : { license: { id: licence } }],
    hashes: hashesOf(integrity),
    properties: [
      { name: 'cloister:brought', value: installations[installation] },
      ...(ofPlatform ? [{ name: 'cloister:platform', value: 'where the system fits' }] : []),
    ],
  }
}

/** Debian's packages that runner/Dockerfile installs: their versions are those of the image's own day. */
function imageComponents(): Component[] {
  const dockerfile = readFileSync(join(root, 'runner/Dockerfile'), 'utf8')
  const [, base = ''] = /^FROM (\S+)/m.exec(dockerfile) ?? []
  const [, names = ''] = /--no-install-recommends ([^\\\n]+)/.exec(dockerfile) ?? []
  const properties = [{ name: 'cloister:brought', value: 'in the image of jobs (runner/Dockerfile)' }]
  return [
    { type: 'platform', 'bom-ref': `image/${base}`, name: base, scope: 'optional', properties },
    ...names
      .trim()
      .split(/\s+/)
      .map((name): Component => ({
        type: 'application',
        'bom-ref': `image/${name}`,
        name,
        purl: `pkg:deb/debian/${name}?distro=trixie`,
        scope: 'optional',
        properties,
      })),
  ]
}

/** A UUID made of the content: the same bill has the same serial number (RFC 9562, version 8). */
function serialOf(content: string): string {
  const hex = createHash('sha256').update(content).digest('hex')
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)]
  return `urn:uuid:${parts.join('-')}`
}

/** The bill of this tree, as JSON. */
export function sbom(): string {
  const components = [...lockedPackages().map(componentOf), ...imageComponents()]
  return `${JSON.stringify(
    {
      $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      serialNumber: serialOf(JSON.stringify(components)),
      version: 1,
      metadata: {
        component: {
          type: 'application',
          'bom-ref': 'cloister',
          name: 'cloister',
          version: project.version,
          licenses: [{ license: { id: 'Apache-2.0' } }],
        },
      },
      components,
    },
    undefined,
    2,
  )}\n`
}

if (import.meta.main) {
  const file = join(root, 'dist', `cloister-${project.version}.cdx.json`)
  mkdirSync(join(root, 'dist'), { recursive: true })
  writeFileSync(file, sbom())
  console.log(file)
}
