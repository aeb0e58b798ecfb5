/** The command line and the Python client as people use them: real processes against a real host. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient, type Client } from '../clients/api.ts'
import type { Scope } from '../domain/access/permissions.ts'
import { freePort, Visitor } from '../local/testing.ts'
import { type Host, startHost } from '../local/host.ts'
import { demoHome } from './demo-home.ts'
import { eventually } from './eventually.ts'
import { tamper } from '../functions/kernel/testing/chain.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const program = join(root, 'clients/cli/cloister.mjs')
let home: string
let data: string
let host: Host
let rosa: Client
let otto: Client

interface Ran {
  code: number | null
  out: string
  err: string
}
const environment = (more: Record<string, string> = {}) => ({
  PATH: process.env['PATH'] ?? '',
  HOME: join(home, 'person'),
  XDG_CONFIG_HOME: join(home, 'config'),
  XDG_STATE_HOME: join(home, 'state'),
  CLOISTER_SERVER: host.mainOrigin,
  ...(process.env['NODE_COMPILE_CACHE'] ? { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] } : {}),
  ...more,
})
// Never spawnSync: the host answers from this very process.
function spawned(
  command: string,
  args: string[],
  more: Record<string, string> = {},
): { child: ChildProcess; err: () => string; done: Promise<Ran> } {
  const child = spawn(command, args, { cwd: home, env: environment(more) })
  let out = ''
  let err = ''
  child.stdout.on('data', (part: Buffer) => {
    out += part
  })
  child.stderr.on('data', (part: Buffer) => {
    err += part
  })
  return {
    child,
    err: () => err,
    done: new Promise((resolve) => {
      child.on('close', (code) => resolve({ code, out, err }))
    }),
  }
}
const start = (args: string[], more?: Record<string, string>): ReturnType<typeof spawned> =>
  spawned(process.execPath, [program, ...args], more)
const run = (args: string[], more?: Record<string, string>): Promise<Ran> => start(args, more).done
const clientOf = async (email: string): Promise<Client> => {
  const { access_token } = await new Visitor(host.mainOrigin).signIn(email, 'cloister-demo')
  return createClient({ baseUrl: host.mainOrigin, token: () => access_token })
}
/** Signs the command line in as the person whose client it is: the person approves what the tool printed. */
async function signIn(person: Client, scopes?: Scope[]): Promise<Ran> {
  const login = start(['login'])
  const userCode = await eventually('the tool shows its code', () => /code:\s+(\S+)/.exec(login.err())?.[1])
  const asked = await person.access.device({ params: { userCode } })
  await person.access.approveDevice({ params: { userCode }, body: { scopes: scopes ?? asked.scopes, days: 1 } })
  return login.done
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'cloister-cli-'))
  data = await demoHome('cloister-cli-data-')
  host = await startHost({ port: await freePort(), home: data, quiet: true })
  ;[rosa, otto] = await Promise.all([clientOf('rosa@demo.cloister'), clientOf('otto@demo.cloister')])
})
afterAll(async () => {
  await host?.close()
  for (const folder of [home, data]) if (folder) await rm(folder, { recursive: true, force: true })
})

describe('used wrongly', () => {
  it('says what there is, and what is wrong, without a stack trace', async () => {
    const help = await run(['help'])
    expect(help).toMatchObject({ code: 0, err: '' })
    for (const command of ['login', 'publish', 'results', 'audit']) expect(help.out).toContain(`  ${command}`)
    await Promise.all(
      (
        [
          [['nonsense'], 2, 'no command "nonsense"'],
          [['runs'], 2, 'Say which study'],
          [['runs', 'std_x'], 2, 'not the id of a study'],
          [['publish', 'nowhere'], 2, 'not a folder'],
          [['studies', '--colour'], 2, '--colour'],
          [['studies', '--server', 'http://example.org'], 2, 'not https'],
          [['studies'], 3, 'Not signed in'],
          [['studies', '--server', 'http://127.0.0.1:9'], 3, 'Not signed in'],
        ] as const
      ).map(async ([args, code, says]) => {
        const ran = await run([...args])
        expect(ran.code, args.join(' ')).toBe(code)
        expect(ran.err).toContain(says)
        expect(ran.err).not.toMatch(/\n\s+at /)
      }),
    )
    expect(JSON.parse((await run(['studies', '--json'])).out)).toMatchObject({
      exit: 3,
      error: expect.stringContaining('Not signed in'),
    })
    const away = await run(['studies', '--server', 'http://127.0.0.1:9'], { CLOISTER_TOKEN: 'clo_x_y' })
    expect(away).toMatchObject({ code: 5, out: '' })
    const bad = await run(['studies'], { CLOISTER_TOKEN: 'clo_nothing_real' })
    expect(bad.code).toBe(3)
    expect(bad.err).not.toContain('nothing_real')
  })

  it('refuses a study with errors before anything is sent, and says where they are', async () => {
    const folder = join(home, 'broken')
    await cp(join(root, 'examples/flanker'), folder, { recursive: true })
    const study = JSON.parse(await readFile(join(folder, 'study.json'), 'utf8'))
    study.configuration.timeline.push({ type: 'html-keybord-response' })
    await writeFile(join(folder, 'study.json'), JSON.stringify(study))
    const ran = await run(['publish', 'broken'])
    expect(ran.code).toBe(1)
    expect(ran.err).toContain(
      `broken/study.json#/configuration/timeline/${study.configuration.timeline.length - 1}/type`,
    )
  })
})

describe('a researcher at work', () => {
  it('signs in by device code and keeps a token that only they can read', async () => {
    const login = await signIn(rosa)
    expect(login.code).toBe(0)
    expect(login.err).toContain(`${host.mainOrigin}/device?code=`)
    const file = join(home, 'config/cloister/credentials.json')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(login.out + login.err).not.toContain(JSON.parse(await readFile(file, 'utf8')).servers[host.mainOrigin].token)
    expect((await run(['whoami'])).out).toContain('Demo Lab')
  })

  it('publishes a folder once, launches it, makes a link, and remembers which study it is', async () => {
    await cp(join(root, 'examples/survey-images'), join(home, 'mine'), { recursive: true })
    const first = JSON.parse(
      (await run(['publish', 'mine', '--note', 'From a test', '--launch', '--link', 'general', '--json'])).out,
    )
    expect(first).toMatchObject({
      version: 1,
      published: true,
      state: 'live',
      link: expect.stringContaining(`${host.mainOrigin}/p/`),
    })
    const again = JSON.parse((await run(['publish', './mine/', '--json'])).out)
    expect(again).toMatchObject({ studyId: first.studyId, version: 1, published: false })
    expect((await run(['studies'])).out).toContain(first.studyId)
    expect((await run(['links', first.studyId])).out).toContain(first.link)
    expect((await run(['runs', first.studyId])).out).toContain('No runs')
    expect(await run(['results', first.studyId, '--purpose', 'nothing to see yet'])).toMatchObject({
      code: 1,
      out: expect.stringContaining('no run to open'),
    })
  })

  it('exports a study and makes the same version of another one from it', async () => {
    const { studyId } = JSON.parse((await run(['publish', 'mine', '--json'])).out)
    expect((await run(['export', studyId, '-o', 'study.zip'])).code).toBe(0)
    expect(Object.keys(unzipSync(new Uint8Array(await readFile(join(home, 'study.zip')))))).toEqual(
      expect.arrayContaining(['study.json', 'images/forest.svg']),
    )
    expect(await run(['export', studyId, '-o', 'study.zip'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('exists already'),
    })
    const made = JSON.parse((await run(['import', 'study.zip', '--title', 'A copy', '--json'])).out)
    const [mine, copy] = await Promise.all(
      [studyId, made.studyId].map((id) => rosa.studies.version({ params: { studyId: id, version: 1 } })),
    )
    expect(copy!.contentHash).toBe(mine!.contentHash)
    await writeFile(join(home, 'not.zip'), 'no zip')
    expect((await run(['import', 'not.zip'])).code).toBe(1)
  })

  it('opens results into files that only they can read, after saying what for', async () => {
    const flanker = (JSON.parse((await run(['studies', '--json'])).out) as { studyId: string; title: string }[]).find(
      (s) => /flanker/i.test(s.title),
    )!
    expect(await run(['results', flanker.studyId])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--purpose'),
    })
    const runs = JSON.parse((await run(['runs', flanker.studyId, '--state', 'completed', '--json'])).out) as {
      runId: string
      position: number
    }[]
    expect(runs.length).toBeGreaterThan(0)
    const opened = JSON.parse(
      (await run(['results', flanker.studyId, '--purpose', 'A test of the command line', '-o', 'out', '--json'])).out,
    )
    expect(opened).toMatchObject({ runs: runs.length, findings: [] })
    expect((await stat(join(home, opened.file))).mode & 0o777).toBe(0o600)
    const lines = (await readFile(join(home, opened.file), 'utf8')).trimEnd().split('\r\n')
    expect(lines[0]!.split(',').slice(0, 5)).toEqual(['run_id', 'run_condition', 'run_version', 'part', 'seq'])
    expect(lines).toHaveLength(1 + opened.rows)
    expect(new Set(lines.slice(1).map((l) => l.split(',')[0]))).toEqual(new Set(runs.map((r) => r.runId)))
    expect(
      await run(['results', flanker.studyId, '--purpose', 'A test of the command line', '-o', 'out']),
    ).toMatchObject({ code: 2, err: expect.stringContaining('exists already') })
    for (const format of ['json', 'psych-ds'])
      expect(
        (
          await run([
            'results',
            flanker.studyId,
            '--purpose',
            'A test of the command line',
            '--runs',
            runs[0]!.runId,
            '--format',
            format,
            '-o',
            'out',
          ])
        ).code,
      ).toBe(0)
    expect(
      (await readdir(join(home, 'out'))).map((f) => f.replace(/^.*?(\.csv|\.json|-psych-ds\.zip)$/, '$1')).sort(),
    ).toEqual(['-psych-ds.zip', '.csv', '.json'])
    const history = await rosa.audit.objectHistory({ params: { studyId: flanker.studyId }, query: {} })
    expect(
      history.items.filter((e) => e.act === 'run.opened' && e.detail['purpose'] === 'A test of the command line'),
    ).toHaveLength(runs.length + 2)
  })

  it('is the same from Python: the same folder is the same version, the same runs are the same rows', async () => {
    const python = (body: string): Promise<Ran> =>
      spawned('python3', ['-c', `import json\nfrom cloister import Cloister, CloisterError\nc = Cloister()\n${body}`], {
        PYTHONPATH: join(root, 'clients/python'),
        PYTHONDONTWRITEBYTECODE: '1',
      }).done
    const { studyId, contentHash } = JSON.parse((await run(['publish', 'mine', '--json'])).out)
    const published = await python(`print(json.dumps(c.publish("mine", study_id="${studyId}")))`)
    expect(published.err).toBe('')
    expect(JSON.parse(published.out)).toMatchObject({ version: 1, contentHash })
    expect(JSON.parse((await python('print(json.dumps(c.publish("mine", launch=True)))')).out)).toMatchObject({
      version: 1,
    })
    expect(JSON.parse((await python('print(json.dumps([s["studyId"] for s in c.studies()]))')).out)).toContain(studyId)
    expect(
      (
        await python('try:\n  c.study("std_aaaaaaaaaaaaaaaa")\nexcept CloisterError as e:\n  print(e.kind, e.status)')
      ).out.trim(),
    ).toBe('not-found 404')
    const flanker = (JSON.parse((await run(['studies', '--json'])).out) as { studyId: string; title: string }[]).find(
      (s) => /flanker/i.test(s.title),
    )!
    const rows = await python(`
try:
  r = c.results("${flanker.studyId}", purpose="A test of the Python client")
  print(json.dumps({"rows": len(r.trials), "runs": len(r.runs), "findings": r.findings, "first": r.trials[0]}))
except ImportError as e:
  print(json.dumps({"missing": str(e)}))`)
    const answer = JSON.parse(rows.out)
    const canOpen = spawnSync('python3', ['-c', 'import cryptography']).status === 0
    expect((answer.missing ?? '').includes('cryptography')).toBe(!canOpen)
    if (!canOpen) return
    const csv = (
      await readFile(
        join(
          home,
          'out',
          (await readdir(join(home, 'out'))).find((f) => f.endsWith('.csv'))!,
        ),
        'utf8',
      )
    )
      .trimEnd()
      .split('\r\n')
    expect(answer).toMatchObject({ rows: csv.length - 1, findings: [], first: { part: 'main', seq: 1 } })
  })

  it('says how to go on when the sign-in is too old or may too little', async () => {
    const { items } = await rosa.access.tokens({ query: {} })
    const { tokenId } = items.find((t) => t.madeBy === 'device')!
    const key = { pk: `TOKEN#${tokenId}`, sk: 'TOKEN' }
    const token = (await host.deps.table.get<Record<string, unknown>>(key))!
    await host.deps.table.remove(key)
    await host.deps.table.create({ ...token, ...key, loginAt: Number(token['loginAt']) - 16 * 60 } as never)
    const flanker = (JSON.parse((await run(['studies', '--json'])).out) as { studyId: string; title: string }[]).find(
      (s) => /flanker/i.test(s.title),
    )!
    expect(await run(['results', flanker.studyId, '--purpose', 'Sixteen minutes later', '-o', 'late'])).toMatchObject({
      code: 3,
      err: expect.stringContaining('Run "cloister login"'),
    })
    expect(await readdir(join(home, 'late')).catch(() => 'nothing')).toBe('nothing')
    const { secret } = await rosa.access.createToken({ body: { name: 'Reader', scopes: ['studies:read'], days: 1 } })
    const refused = await run(['publish', 'mine', '--json'], { CLOISTER_TOKEN: secret })
    expect(JSON.parse(refused.out)).toMatchObject({ exit: 4, kind: 'forbidden' })
    expect(refused.code).toBe(4)
  })

  it('signs out: the token is revoked at the server and gone here', async () => {
    const file = join(home, 'config/cloister/credentials.json')
    const { token } = JSON.parse(await readFile(file, 'utf8')).servers[host.mainOrigin]
    expect((await run(['logout'])).code).toBe(0)
    expect(await readFile(file, 'utf8')).not.toContain(token)
    expect((await fetch(`${host.mainOrigin}/api/me`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(
      401,
    )
  })
})

describe('an auditor at work', () => {
  it('verifies the chain, remembers its head, and names the first break', async () => {
    expect((await signIn(otto)).code).toBe(0)
    const whole = await run(['audit', 'verify'])
    expect(whole).toMatchObject({ code: 0, out: expect.stringMatching(/is whole: \d+ events/) })
    const again = JSON.parse((await run(['audit', 'verify', '--json'])).out)
    expect(again).toMatchObject({ whole: true, verifiedBefore: { seq: again.head.seq } })

    const opened = JSON.parse((await run(['audit', 'events', '--act', 'run.opened', '--json'])).out) as {
      act: string
    }[]
    expect(opened.length).toBeGreaterThan(0)
    expect(new Set(opened.map((e) => e.act))).toEqual(new Set(['run.opened']))
    expect((await run(['audit', 'events', '--act', 'nonsense'])).code).toBe(2)

    // Somebody with the store in their hands changes one event.
    const { table } = host.deps
    const undo = await tamper(table, again.organisationId, 5, { object: 'study std_somethingelse222' })
    expect(await run(['audit', 'verify'])).toMatchObject({
      code: 1,
      out: expect.stringContaining('breaks at event 5: its content does not match its hash'),
    })
    await undo()

    // A chain that was written anew is whole in itself: only what was remembered tells.
    const state = join(home, 'state/cloister/audit-heads.json')
    const heads = JSON.parse(await readFile(state, 'utf8'))
    heads[host.mainOrigin][again.organisationId].hash = '0'.repeat(64)
    await mkdir(join(home, 'state/cloister'), { recursive: true })
    await writeFile(state, JSON.stringify(heads))
    expect(await run(['audit', 'verify', '--json'])).toMatchObject({
      code: 1,
      out: expect.stringContaining('"rewritten"'),
    })
  })
})
