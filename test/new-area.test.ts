/**
 * A new area is four files: its contract (with its entity), a line in the fold of contracts, its functions, and their
 * entry in AWS. Done here in a temporary copy of the tree, which is then checked and asked.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const folders = ['adapters', 'contracts', 'docs', 'domain', 'functions', 'lib', 'ports', 'runner', 'tools']

const contract = `/** Notes: what an organisation wants to remember. */
import * as z from 'zod'
import { entity } from './entity.ts'
import { area, route } from './route.ts'
import { OrganisationId } from './shapes.ts'

declare module './entity.ts' {
  interface EntityPrefixes {
    NOTE: true
  }
}

const note = entity('NOTE', {
  what: 'note',
  key: { pk: 'NOTE#{organisationId}', sk: '{number:6}' },
  owner: 'organisation',
  deletedBy: { kept: 'a note is for ever' },
  backedUp: 'kept',
  descendsFrom: [],
})

export const notes = area('notes', 'Notes of an organisation', { note }, {
  list: route({
    method: 'GET',
    path: '/api/organisations/{organisationId}/notes',
    function: 'notes',
    access: { kind: 'organisation', permission: 'organisation.read' },
    status: 200,
    summary: 'Notes, oldest first',
    params: z.object({ organisationId: OrganisationId }),
    response: z.object({ items: z.array(z.object({ text: z.string() })) }),
    problems: [],
    grants: ['read ORG', 'read NOTE'],
  }),
})
`
const functions = `/** The area \`notes\`, as small as an area can be. */
import { notes as contract } from '../../contracts/notes.ts'
import { served } from '../kernel/area.ts'
import type { Deps } from '../kernel/deps.ts'
import { type Implementation, lambda, type LambdaHandler } from '../kernel/handler.ts'

const { note } = contract.entities
const notes = served(contract, {})

const list: Implementation<(typeof contract)['routes']['list']> = async ({ organisation }, deps) => {
  const { items } = await deps.table.query<{ text: string }>(note.key.partition(organisation.organisationId))
  return { items: items.map(({ text }) => ({ text })) }
}

export const createNotes = (deps: Deps): LambdaHandler => lambda(notes, 'notes', deps, { list })
`
const handler = `import { awsDeps } from '../wiring.ts'
import { createNotes } from './area.ts'

export const handler = createNotes(awsDeps())
`
/** The fold of contracts, with one more area. */
const withNotes = (index: string): string =>
  index
    .replace('import { pipelines }', "import { notes } from './notes.ts'\nimport { pipelines }")
    .replace(/export const areas = \{ (.*) \} as const/, 'export const areas = { $1, notes } as const')

const touched: Record<string, (before: string) => string> = {
  'contracts/notes.ts': () => contract,
  'contracts/index.ts': withNotes,
  'functions/notes/area.ts': () => functions,
  'functions/notes/notes.handler.ts': () => handler,
}

/** Asks the copy: what every reader of the contracts now knows of notes, and what the function answers. */
const questions = `
import { openapi } from './contracts/openapi.ts'
import { serverFunctions } from './contracts/index.ts'
import { clientsOf } from './lib/bundle.ts'
import { creators } from './functions/all.ts'
import { keyOf } from './functions/kernel/items.ts'
import { entityTables } from './tools/entities.ts'
import { permissionsPage } from './tools/permissions.ts'

const organisationId = 'org_aaaaaaaaaaaaaaaa'
const path = '/api/organisations/{organisationId}/notes'
const items = new Map([
  [keyOf.organisation(organisationId).sk, { organisationId, name: 'Lab' }],
  [keyOf.member(organisationId, 'ada').sk, { userId: 'ada', roles: ['analyst'] }],
])
const table = {
  get: async (key) => items.get(key.sk),
  query: async (pk) => ({ items: pk === 'NOTE#' + organisationId ? [{ text: 'Water the plants' }] : [] }),
}
const deps = { table, objects: {}, keys: {}, engine: {}, workflow: {}, logs: {}, now: () => new Date(), log: () => {} }
const serve = (await creators['notes/notes']())(deps)
const ask = async (userId) => {
  const { statusCode, body } = await serve({
    routeKey: 'GET ' + path,
    headers: {},
    pathParameters: { organisationId },
    requestContext: { requestId: 'r', http: { sourceIp: '127.0.0.1' }, authorizer: { lambda: userId ? { userId } : undefined } },
  })
  return [statusCode, JSON.parse(body).items ?? JSON.parse(body).kind]
}
const own = serverFunctions.find((f) => f.area === 'notes')
console.log(
  JSON.stringify({
    operation: openapi().paths[path].get.operationId,
    problems: Object.keys(openapi().paths[path].get.responses),
    entry: own.entry,
    clients: clientsOf(own.grants),
    row: entityTables().split('\\n').filter((line) => line.startsWith('| note |')).length,
    permission: permissionsPage().includes('\`GET ' + path + '\`'),
    answers: [await ask('ada'), await ask('sam'), await ask()],
  }),
)
`

describe('a new area', () => {
  let copy: string
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'cloister-area-'))
    for (const folder of folders) cpSync(join(root, folder), join(copy, folder), { recursive: true })
    for (const file of ['package.json', 'tsconfig.json']) cpSync(join(root, file), join(copy, file))
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
    for (const [file, change] of Object.entries(touched)) {
      const at = join(copy, file)
      mkdirSync(dirname(at), { recursive: true })
      writeFileSync(at, change(file === 'contracts/index.ts' ? readFileSync(at, 'utf8') : ''))
    }
  })
  afterAll(() => rmSync(copy, { recursive: true, force: true }))

  it('is four files', () => expect(Object.keys(touched)).toHaveLength(4))

  it('compiles, with everything that says something of every area', () => {
    const { config } = ts.readConfigFile(join(copy, 'tsconfig.json'), (file) => ts.sys.readFile(file)) as {
      config: { compilerOptions: object }
    }
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, copy)
    const looked = [
      ...Object.keys(touched),
      'contracts/entity.test.ts',
      'contracts/openapi.ts',
      'functions/all.ts',
      'functions/kernel/handler.ts',
      'functions/kernel/resources.ts',
      'tools/entities.ts',
    ].map((file) => join(copy, file))
    const areas = ['access', 'audit', 'datasets', 'jobs', 'pipelines', 'runs', 'studies', 'synthesis']
    const program = ts.createProgram({
      rootNames: [...looked, ...areas.map((name) => join(copy, `functions/${name}/area.ts`))],
      options: { ...options, incremental: false, tsBuildInfoFile: undefined },
    })
    const faults = looked.flatMap((file) => {
      const source = program.getSourceFile(file)
      if (!source) throw new Error(`${file} is not there`)
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
    })
    expect(faults.map((f) => `${f.file?.fileName} ${ts.flattenDiagnosticMessageText(f.messageText, '\n')}`)).toEqual([])
  }, 60_000)

  it('is documented, granted, found and served', () => {
    writeFileSync(join(copy, 'questions.mjs'), questions)
    const output = execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', 'questions.mjs'], {
      cwd: copy,
      encoding: 'utf8',
    })
    expect(JSON.parse(output.split('\n').at(-2)!)).toEqual({
      operation: 'notes.list',
      problems: ['200', '400', '401', '403', '404', '500'],
      entry: 'functions/notes/notes.handler.ts',
      clients: ['table'],
      row: 2,
      permission: true,
      answers: [
        [200, [{ text: 'Water the plants' }]],
        [404, 'not-found'],
        [401, 'sign-in-required'],
      ],
    })
  }, 30_000)
})
