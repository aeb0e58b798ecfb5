import { expect, it } from 'vitest'
import { queueOf, queueTerms } from './container-queues.ts'

it('short containers do not wait behind long ones, and runs of pipelines have a queue of their own', () => {
  expect([queueOf('container', 3600), queueOf('container', 3601)]).toEqual(['interactive', 'batch'])
  expect([queueOf('pipeline', 60), queueOf('pipeline', 300_000)]).toEqual(['pipeline', 'pipeline'])
})
it('has the terms that a question is asked under', () =>
  expect(queueTerms).toEqual({
    interactive: { priority: 10, limitSeconds: 14_400, oncePerJob: false },
    batch: { priority: 1, limitSeconds: 172_800, oncePerJob: false },
    pipeline: { priority: 5, limitSeconds: 345_600, oncePerJob: true },
  }))
