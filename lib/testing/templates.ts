/**
 * What of a template may never change under an installation that stands: which resources there are, of which type, what
 * they are called, and what other stacks import. A logical id that goes or changes its type takes a resource and its
 * data with it.
 *
 * `node lib/testing/templates.ts > lib/kept/templates-VERSION.json` prints it for the sources as they are, to be kept
 * when a version is released.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { synthesise } from '../synth.ts'

/** By the installation's label and the stack's name: one line a fact, so that a difference reads like one. */
export type TemplateFacts = Record<string, string[]>

/** One installation of each shape: least, most, and both stages. */
const installations: Record<string, Record<string, unknown>> = {
  prod: {},
  dev: { stage: 'dev', scripts: 'true' },
  campus: {
    region: 'eu-central-1',
    mainDomain: 'cloister.example.edu',
    studyDomain: 'cloister-studies.example.edu',
    certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/a',
    alarmEmail: 'it@example.edu',
    scripts: 'true',
    campusOidc: {
      name: 'Campus',
      issuer: 'https://login.example.edu',
      clientId: 'cloister',
      clientSecretName: 'campus-oidc',
    },
    campusSaml: { name: 'Federation', metadataUrl: 'https://login.example.edu/metadata' },
  },
}

/** Properties whose change would rename or replace what they belong to. */
const isName = (key: string): boolean => /(^|[a-z])Name$/.test(key) || key === 'RouteKey'

/** Every name below a value, with the path to it; the order of lists is of no weight. */
function namesIn(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap((member) => namesIn(member, `${path}[]`))
  return Object.entries(value).flatMap(([key, member]) => {
    const here = path === '' ? key : `${path}.${key}`
    return isName(key) ? [`${here} = ${JSON.stringify(member)}`] : namesIn(member, here)
  })
}

interface Template {
  Resources?: Record<string, { Type: string; Properties?: unknown; DeletionPolicy?: string }>
  Outputs?: Record<string, { Value: unknown; Export?: { Name: unknown } }>
}

function factsOf({ Resources = {}, Outputs = {} }: Template): string[] {
  const resources = Object.entries(Resources).flatMap(([id, { Type, Properties, DeletionPolicy }]) => [
    `${id}: ${Type}`,
    ...(DeletionPolicy ? [`${id}: when it goes: ${DeletionPolicy}`] : []),
    ...namesIn(Properties, '').map((name) => `${id}: ${name}`),
  ])
  const outputs = Object.entries(Outputs).flatMap(([id, { Value, Export }]) => [
    `output ${id} = ${JSON.stringify(Value)}`,
    ...(Export ? [`output ${id} is exported as ${JSON.stringify(Export.Name)}`] : []),
  ])
  return [...new Set([...resources, ...outputs])].sort()
}

/** Synthesises every installation without code, in a folder that goes away. */
export function presentFacts(): TemplateFacts {
  const folder = mkdtempSync(join(tmpdir(), 'cloister-templates-'))
  try {
    return Object.fromEntries(
      Object.entries(installations).flatMap(([label, context]) => {
        const { assembly } = synthesise({ bundle: 'false', webFiles: 'not-built', ...context }, join(folder, label))
        return assembly.stacks.map((s) => [`${label}: ${s.stackName}`, factsOf(s.template as Template)])
      }),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(presentFacts(), undefined, 1)}\n`)
