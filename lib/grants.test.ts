import { type ServerFunction, serverFunctions } from '../contracts/index.ts'
import { functionName } from './bundle.ts'
import { streams } from './stream-function.ts'
import { synthesised, text } from './testing.ts'

interface Statement {
  Sid?: string
  Action: string | string[]
  Resource: unknown
  Condition?: Record<string, Record<string, unknown>>
}
const prod = synthesised()
const list = <T>(x: T | T[]): T[] => (Array.isArray(x) ? x : [x])

const roleOf = (f: ServerFunction): ReturnType<typeof prod.of>[number] =>
  prod.of('AWS::IAM::Role').find((r) => r.Properties.RoleName === `cloister-prod-${functionName(f)}`)!

/** Statements by function, taken from the policies on its role. */
const statements = new Map(
  serverFunctions.map((serverFunction) => {
    const role = roleOf(serverFunction)
    const policies = prod
      .of('AWS::IAM::Policy')
      .filter((p) => p.Properties.Roles.some((r: { Ref: string }) => r.Ref === role.id))
    return [
      functionName(serverFunction),
      policies.flatMap((p) => p.Properties.PolicyDocument.Statement as Statement[]),
    ] as const
  }),
)
const who = (action: string, where: (s: Statement) => boolean = () => true): string[] =>
  [...statements]
    .filter(([, all]) => all.some((s) => list(s.Action).includes(action) && where(s)))
    .map(([n]) => n)
    .sort()

test('no function has more than these: no managed policy', () => {
  for (const served of serverFunctions) expect(roleOf(served).Properties.ManagedPolicyArns).toBeUndefined()
})

test('no action has a wildcard, and a resource that is all wildcard stands under a condition', () => {
  for (const [name, all] of statements)
    for (const statement of all) {
      for (const action of list(statement.Action)) expect(action).not.toContain('*')
      // Lists and descriptions of containers have no resource, and no key to put under a condition.
      if (list(statement.Action).every((a) => a === 'batch:ListJobs' || a === 'batch:DescribeJobs')) continue
      const isBroad = list(statement.Resource).some((r) => r === '*' || text(r).endsWith(':key/*"]]}'))
      const conditions = Object.keys({
        ...statement.Condition?.['StringEquals'],
        ...statement.Condition?.['ForAnyValue:StringEquals'],
      })
      const isBound = conditions.some((k) => k.includes('cloister:installation') || k === 'kms:ResourceAliases')
      expect([name, statement.Sid, isBroad && !isBound]).toEqual([name, statement.Sid, false])
    }
})

test('the table: only the entities that the contracts name, each in its own direction', () => {
  for (const serverFunction of serverFunctions) {
    // What has an address of its own looks tokens up itself, as the authorizer does.
    const granted = streams(serverFunction)
      ? [...serverFunction.grants, 'read TOKEN', 'write TOKEN']
      : serverFunction.grants
    const of = (act: 'read' | 'write') =>
      granted
        .filter((g) => g.startsWith(`${act} `))
        .map((g) => `${g.split(' ')[1]}#*`)
        .sort()
    const all = statements.get(functionName(serverFunction))!
    for (const [sid, act, action] of [
      ['ReadItems', 'read', 'dynamodb:Query'],
      ['WriteItems', 'write', 'dynamodb:PutItem'],
    ] as const) {
      const found = all.filter((s) => list(s.Action).includes(action))
      expect(
        found.map((s) => [s.Sid, list(s.Condition!['ForAllValues:StringLike']!['dynamodb:LeadingKeys'] as string[])]),
      ).toEqual(of(act).length === 0 ? [] : [[sid, of(act)]])
    }
    expect(
      all.some((s) =>
        list(s.Action).some((a) => ['dynamodb:Scan', 'dynamodb:PartiQLSelect', 'dynamodb:BatchWriteItem'].includes(a)),
      ),
    ).toBe(false)
  }
})

test('only opening, and registration for a study made a dataset, unwrap run keys; everybody else’s Decrypt serves the table and buckets at rest', () => {
  const byItself = (s: Statement) => s.Condition?.['StringEquals']?.['kms:ViaService'] === undefined
  expect(who('kms:Decrypt', byItself)).toEqual(['jobs-registration', 'runs-opening'])
  const unwrap = statements.get('runs-opening')!.find((s) => s.Sid === 'Unwrap')!
  expect(unwrap.Condition).toEqual({
    StringEquals: {
      'aws:ResourceTag/cloister:installation': 'cloister-prod',
      'kms:EncryptionAlgorithm': 'RSAES_OAEP_SHA_256',
    },
  })
  expect(statements.get('runs-ingest')!.some((s) => s.Sid === 'Unwrap')).toBe(false)
})

test('only organisations’ creation makes keys, and it can drop none that has a name', () => {
  expect(who('kms:CreateKey')).toEqual(['access'])
  const drop = statements.get('access')!.filter((s) => list(s.Action).includes('kms:ScheduleKeyDeletion'))
  expect(drop).toHaveLength(1)
  expect(drop[0]!.Condition!['Null']).toEqual({ 'kms:ResourceAliases': 'true' })
})

test('quarantine: what computations wrote is read by the gate alone; what it holds, by the checkers’ queue and by what finishes a release', () => {
  const inQuarantine = (s: Statement): boolean =>
    list(s.Resource).some((r) => text(r).includes('cloister-prod-quarantine-'))
  const decisionsOnly = (s: Statement): boolean =>
    list(s.Resource).every((r) => text(r).includes('/jobs/*/verdict-*.json'))
  expect(who('s3:GetObject', (s) => inQuarantine(s) && !decisionsOnly(s))).toEqual(['jobs-check'])
  expect(who('s3:GetObject', (s) => inQuarantine(s) && decisionsOnly(s))).toEqual(['jobs-reviews', 'jobs-watch'])
  expect(who('s3:PutObject', inQuarantine)).toEqual(['jobs-check', 'jobs-prepare', 'jobs-query'])
})

test('jobs: started and stopped on exactly one state machine, by those who ask, decide and watch', () => {
  expect(who('states:StartExecution')).toEqual(
    ['datasets', 'jobs', 'jobs-reviews', 'jobs-settle', 'jobs-watch', 'pipelines', 'synthesis'].filter((n) =>
      serverFunctions.some((f) => functionName(f) === n && f.grants.includes('start-job')),
    ),
  )
  for (const all of statements.values())
    for (const statement of all.filter((x) => list(x.Action).some((a) => a.startsWith('states:')))) {
      expect(text(statement.Resource)).toMatch(
        /:states:us-east-1:.*(:stateMachine:cloister-prod-jobs"|:execution:cloister-prod-jobs:\*")/,
      )
      expect(
        list(statement.Action).every((a) =>
          ['states:StartExecution', 'states:DescribeExecution', 'states:StopExecution'].includes(a),
        ),
      ).toBe(true)
    }
})

test('containers: nobody touches them where scripts are not deployed', () => {
  for (const [name, all] of statements)
    expect([name, all.flatMap((s) => list(s.Action)).filter((a) => a.startsWith('batch:'))]).toEqual([name, []])
})

test('objects: only in buckets and below prefixes that the contracts name', () => {
  for (const serverFunction of serverFunctions)
    for (const [act, action] of [
      ['get', 's3:GetObject'],
      ['put', 's3:PutObject'],
      ['delete', 's3:DeleteObject'],
    ] as const) {
      const buckets = [
        ...serverFunction.grants.filter((g) => g.startsWith(`${act} `)).map((g) => g.split(' ')[1]!),
        ...(act === 'get' && serverFunction.grants.includes('held-outputs') ? ['quarantine'] : []),
      ]
      const found = statements.get(functionName(serverFunction))!.filter((s) => list(s.Action).includes(action))
      expect(found.length > 0).toBe(buckets.length > 0)
      for (const resource of found.flatMap((s) => list(s.Resource)))
        expect(buckets.some((b) => text(resource).includes(`cloister-prod-${b}-`))).toBe(true)
      expect(!buckets.includes('sealed') || text(found).includes('/runs/*')).toBe(true)
    }
})

test('logs of runs: read by those who show or keep them, in their one group, and written by no function', () => {
  expect(who('logs:GetLogEvents')).toEqual(
    serverFunctions
      .filter((f) => f.grants.some((g) => g === 'read-log' || g === 'write-log'))
      .map(functionName)
      .sort(),
  )
  for (const all of statements.values())
    for (const statement of all.filter((x) => list(x.Action).includes('logs:GetLogEvents')))
      expect(text(statement.Resource)).toMatch(/:log-group:\/cloister\/prod\/pipeline-runs:log-stream:\*/)
})
