import fc from 'fast-check'
import { expect, it } from 'vitest'
import { containerFor } from './container.ts'
import { defaultLimits } from './manifest.ts'

// https://docs.aws.amazon.com/batch/latest/userguide/fargate.html
const allowed: Record<number, number[]> = {
  1: [2048, 3072, 4096, 5120, 6144, 7168, 8192],
  2: Array.from({ length: 13 }, (_, i) => 4096 + 1024 * i),
  4: Array.from({ length: 23 }, (_, i) => 8192 + 1024 * i),
  8: Array.from({ length: 12 }, (_, i) => 16_384 + 4096 * i),
  16: Array.from({ length: 12 }, (_, i) => 32_768 + 8192 * i),
}

it('is a size that Fargate has and leaves room for the runner, whatever the limits', () =>
  fc.assert(
    fc.property(fc.integer({ min: 128, max: 16_384 }), fc.integer({ min: 1, max: 8 }), (memoryMb, cpus) => {
      const size = containerFor({ ...defaultLimits, memoryMb, cpus }, { kind: 'whole' }, 'user-ada')
      expect(allowed[size.cpus]).toContain(size.memoryMb)
      expect(size.memoryMb).toBeGreaterThanOrEqual(memoryMb + 512)
      expect(size.cpus).toBeGreaterThanOrEqual(cpus)
    }),
  ))
it('lives long enough for every run of its plan', () => {
  const at = (plan: Parameters<typeof containerFor>[1]) =>
    containerFor({ ...defaultLimits, seconds: 100 }, plan, 'u').seconds
  // A run that fails is compared with runs without each block.
  expect(at({ kind: 'whole' })).toBe(1020)
  expect(at({ kind: 'leave-out', blocks: 8 })).toBe(1020)
  expect(at({ kind: 'blocks', blocks: 50, slotSeconds: 4 })).toBe(320)
})
it('names a person as Batch allows', () => {
  expect(containerFor(defaultLimits, { kind: 'whole' }, 'a1b2-c3_d4#ü').share).toBe('a1b2c3d4')
  expect(containerFor(defaultLimits, { kind: 'whole' }, '--').share).toBe('nobody')
})
