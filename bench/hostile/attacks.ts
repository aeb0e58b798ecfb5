/** Requests made to be slow, made by hand: what only somebody who knows the platform would send. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../tools/steps.ts'
import type { Hostile } from './bodies.ts'

export interface World {
  organisationId: string
  studyId: string
  dataset: string
  [more: string]: string
}
export interface Attack extends Hostile {
  method: 'POST' | 'PUT' | 'GET'
  path: string
  headers?: Record<string, string>
}

const mega = 1_000_000
const list = (count: number, of: (i: number) => unknown): unknown[] => Array.from({ length: count }, (_, i) => of(i))

function studies({ studyId }: World): Attack[] {
  const { configuration } = JSON.parse(readFileSync(join(root, 'examples/flanker/study.json'), 'utf8')) as {
    configuration: Record<string, unknown>
  }
  const type = '@jspsych/plugin-html-keyboard-response'
  const publish = (name: string, changed: object, assets: unknown[] = []): Attack => ({
    name: `study: ${name}`,
    method: 'POST',
    path: `/api/studies/${studyId}/versions`,
    text: JSON.stringify({ configuration: { ...configuration, ...changed }, assets }),
  })
  const html = (piece: string): object => ({
    timeline: [{ name: 'a', type, stimulus: piece.repeat((3.5 * mega) / piece.length) }],
  })
  let nested: object = { name: 'x', type, stimulus: 'y' }
  for (let i = 0; i < 45; i++) nested = { name: `n${i}`, timeline: [nested] }
  const asset = (number: number): object => ({
    path: `pictures-of-faces-in-a-folder/${number}.png`,
    sha256: number.toString(16).padStart(64, '0'),
    size: 1,
    type: 'image/png',
  })
  return [
    publish('<img', html('<img ')),
    publish('<img src', html('<img src=a.png>')),
    publish('<img src=" "', html('<img src="')),
    publish('references', html('{{a}} ')),
    publish('deep', { timeline: [nested] }),
    publish('many trials', { timeline: list(40_000, (i) => ({ name: `t${i}`, type, stimulus: 'x' })) }),
    publish('many of one name', { timeline: list(40_000, () => ({ name: 't', type, stimulus: 'x' })) }),
    publish('many conditions', { conditions: list(60_000, (i) => ({ name: `c${i}`, fixation: i })) }),
    publish('many rows', {
      timeline: [
        {
          name: 'a',
          timeline_variables: list(80_000, (i) => ({ stimulus: `x${i}` })),
          timeline: [{ name: 'b', type, stimulus: { variable: 'stimulus' } }],
        },
      ],
    }),
    publish('unknown members', {
      timeline: [
        { name: 'a', type, ...Object.fromEntries(list(90_000, (i) => [`member_${i}`, 1]) as [string, number][]) },
      ],
    }),
    publish(
      'assets and files that are not among them',
      {
        timeline: list(20_000, (place) => ({
          name: `t${place}`,
          type,
          stimulus: `<img src=pictures-of-faces-in-folder/${place}>`,
        })),
      },
      list(5000, asset),
    ),
  ]
}

function statements({ dataset }: World): Attack[] {
  const sql: Record<string, string> = {
    brackets: `SELECT ${'('.repeat(400_000)}1${')'.repeat(400_000)}`,
    'a long sum': `SELECT ${list(250_000, () => '1').join('+')}`,
    'a long list': `SELECT COUNT(*) FROM people WHERE age IN (${list(190_000, (i) => i).join(',')})`,
    'many columns': `SELECT ${list(80_000, () => 'COUNT(*)').join(',')} FROM people`,
    'many conditions': `SELECT COUNT(*) FROM people WHERE ${list(90_000, () => 'age > 1').join(' AND ')}`,
    'one text': `SELECT '${'x'.repeat(999_000)}'`,
    nested: `${'SELECT * FROM ('.repeat(30_000)}SELECT 1${')'.repeat(30_000)}`,
    case: `SELECT ${'CASE WHEN 1=1 THEN '.repeat(20_000)}1${' END'.repeat(20_000)}`,
    joins: `SELECT COUNT(*) FROM people ${list(20_000, (i) => `JOIN people p${i} USING (id)`).join(' ')}`,
    comments: '/*'.repeat(499_000),
    quotes: `SELECT ${"'a'||".repeat(190_000)}'a'`,
  }
  const scripts: Record<string, string> = {
    quotes: '"""'.repeat(330_000),
    imports: `import ${'a, '.repeat(330_000)}`,
    paths: `x = "${'/Aa/a'.repeat(199_000)}`,
    lines: 'import os\n'.repeat(99_000),
    spaces: `import${' '.repeat(999_000)}`,
  }
  const ask = (name: string, language: string, code: string): Attack[] =>
    ['/api/jobs/quote', '/api/jobs'].map((path) => ({
      name: `${language}: ${name}, ${path.endsWith('quote') ? 'quoted' : 'asked'}`,
      method: 'POST',
      path,
      text: JSON.stringify({ dataset, language, code, mode: 'rules' }),
    }))
  const cell = { cell_type: 'code', source: 'import os', metadata: {}, outputs: [], execution_count: null }
  const notebook = JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: list(9000, () => cell) })
  return [
    ...Object.entries(sql).flatMap(([name, code]) => ask(name, 'sql', code)),
    ...Object.entries(scripts).flatMap(([name, code]) => ask(name, 'python', code)),
    ...Object.entries(scripts).flatMap(([name, code]) => ask(name, 'r', code)),
    ...ask('many cells', 'notebook', notebook),
    ...ask('deep', 'notebook', '['.repeat(400_000)),
  ]
}

function pipelines({ organisationId }: World): Attack[] {
  const definition = (parameters: object, more: object = {}): object => ({
    name: 'hostile',
    title: 'Hostile',
    runtime: 'python',
    command: ['python', 'main.py'],
    parameters: { type: 'object', properties: parameters },
    ...more,
  })
  const publish = (name: string, parameters: object, more: object = {}): Attack => ({
    name: `pipeline: ${name}`,
    method: 'POST',
    path: `/api/organisations/${organisationId}/pipelines`,
    text: JSON.stringify({ definition: definition(parameters, more), files: [], note: '' }),
  })
  const hostile = 'a?'.repeat(66) + 'a'.repeat(66)
  const text = { type: 'string', pattern: hostile, default: 'a'.repeat(66) }
  const slow = { type: 'string', pattern: '\\p{L}*'.repeat(33), default: 'éaß'.repeat(66) }
  const of = (count: number, parameter: object): object =>
    Object.fromEntries(list(count, (i) => [`p${i}`, parameter]) as [string, object][])
  return [
    publish('a pattern', { a: text }),
    publish('patterns', of(20, slow)),
    publish('too many patterns', of(200, slow)),
    publish('choices', of(200, { type: 'string', enum: list(200, (i) => `choice ${i}`) })),
    publish('commands', {}, { command: list(200, () => '{{'.repeat(1900)) }),
    publish('outputs', {}, { outputs: list(100, () => ({ match: '*a'.repeat(100), kind: 'file' })) }),
  ]
}

function others(world: World): Attack[] {
  const form = (text: string): Pick<Attack, 'headers' | 'text'> => ({
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    text,
  })
  const get = (name: string, path: string, headers: Record<string, string> = {}): Attack => ({
    name,
    method: 'GET',
    path,
    headers,
    text: '',
  })
  return [
    { name: 'token: one long field', method: 'POST', path: '/oidc/token', ...form(`grant_type=${'a'.repeat(mega)}`) },
    { name: 'token: many fields', method: 'POST', path: '/oidc/token', ...form('a=1&'.repeat(mega / 4)) },
    { name: 'token: brackets', method: 'POST', path: '/oidc/token', ...form(`a${'[b]'.repeat(300_000)}=1`) },
    { name: 'revocation', method: 'POST', path: '/oidc/token/revocation', ...form('%25'.repeat(300_000)) },
    get('sign-in: a long query', `/oidc/auth?${'scope=openid&'.repeat(1000)}`),
    get('sign-in: a long word', `/oidc/auth?scope=${'a+'.repeat(6000)}`),
    get('a long path', `/api/${'a/'.repeat(7000)}`),
    get('a path of dots', `/${'../'.repeat(4000)}`),
    get('a path of escapes', `/${'%41'.repeat(4500)}`),
    get('a long cursor', `/api/organisations/${world.organisationId}/studies?after=${'A'.repeat(14_000)}`),
    get('a range of an asset', '/assets/x.js', { range: `bytes=${'0-1,'.repeat(3500)}` }),
    get('many etags', '/', { 'if-none-match': '"a",'.repeat(3500) }),
    get('a long key', '/api/me', { 'idempotency-key': 'k'.repeat(14_000) }),
    get('a long token', '/api/me', { authorization: `Bearer ${'a.'.repeat(7000)}` }),
    get('a long encoding', '/', { 'accept-encoding': 'gzip, '.repeat(2000) }),
    {
      name: 'an upload without a link',
      method: 'PUT',
      path: `/objects/assets/${'A'.repeat(14_000)}`,
      text: 'x'.repeat(mega),
    },
  ]
}

/** All of them. */
export const handMade = (world: World): Attack[] => [
  ...studies(world),
  ...statements(world),
  ...pipelines(world),
  ...others(world),
]
