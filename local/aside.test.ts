import { afterAll, expect, it } from 'vitest'
import { schemaFaults } from '../domain/datasets/schema-rules.ts'
import { adviseScript } from '../domain/jobs/advice.ts'
import { validateConfiguration } from '../domain/studies/configuration-validation.ts'
import { heavyWork } from '../functions/kernel/heavy-work.ts'
import { asideThreads } from './aside.ts'

const open: { close: () => Promise<void> }[] = []
afterAll(() => Promise.all(open.map(({ close }) => close())))
const threads = (milliseconds: number): ReturnType<typeof asideThreads> => {
  const made = asideThreads({ threads: 2, milliseconds })
  open.push(made)
  return made
}
const trial = { name: 'a', type: '@jspsych/plugin-html-keyboard-response', stimulus: 'x' }

it('answers as the same work here would', async () => {
  const { aside } = threads(20_000)
  const good = { kind: 'timeline', language: 'en', timeline: [trial] }
  expect(await aside('validateConfiguration', good, [])).toEqual({ ok: true, configuration: good })
  const bad = await aside('validateConfiguration', { kind: 'none' }, [])
  expect(bad).toEqual(validateConfiguration({ kind: 'none' }, []))
  const script = 'import socket\n'
  expect(await aside('adviseScript', 'python', script)).toEqual(adviseScript('python', script))
  const schema = { tables: [], images: [] }
  expect(await aside('schemaFaults', schema)).toEqual(schemaFaults(schema))
  const key = 'PUT /api/me'
  const token = 'x'.repeat(30)
  expect(await aside('routeBody', key, JSON.stringify({ idToken: token, more: 1 }))).toEqual({
    json: JSON.stringify({ idToken: token }),
  })
  for (const text of ['{"idToken":', '{"idToken":1}', '{"idToken":"\\ud800"}'])
    expect(await aside('routeBody', key, text)).toEqual(heavyWork.routeBody(key, text))
})

it('what comes to no end in time is given up, the loop goes on meanwhile, and the next is done', async () => {
  const { aside } = threads(1500)
  // Every trial asks for a variable that every row has.
  const rows = Array.from({ length: 20_000 }, (_, place) => ({ word: `x${place}` }))
  const trials = Array.from({ length: 20_000 }, () => ({ ...trial, stimulus: { timeline_variable: 'word' } }))
  const timeline = [{ name: 'all', timeline_variables: rows, timeline: trials }]
  let looks = 0
  const timer = setInterval(() => looks++, 20)
  await expect(
    aside('validateConfiguration', { kind: 'timeline', language: 'en', timeline }, []),
  ).rejects.toMatchObject({
    kind: 'payload-too-large',
  })
  clearInterval(timer)
  expect(looks).toBeGreaterThan(5)
})

it('reading its program does not count as work', { retry: 3 }, async () => {
  // A thread takes more than this to begin, and not so long for the work, unless the machine is busy just then.
  const { aside } = threads(150)
  const schema = { tables: [], images: [] }
  expect(await aside('schemaFaults', schema)).toEqual(schemaFaults(schema))
})
