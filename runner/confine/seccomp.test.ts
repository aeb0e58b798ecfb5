import { expect, test } from 'vitest'
import { seccompFilter } from './seccomp.ts'
import { forbidden, signals, traces } from './syscalls.ts'

const verdicts: Partial<Record<number, string>> = { 0x7fff0000: 'allow', 0x80000000: 'kill' }

/** What the kernel would answer: a small interpreter of the instructions that filters use. */
function judge(filter: Uint8Array, arch: number, nr: number, args: number[] = []): string {
  const view = new DataView(filter.buffer)
  // Of the structure that the kernel hands over: the call's number, the architecture, the arguments.
  const loaded = (offset: number): number => {
    if (offset === 0) return nr
    return offset === 4 ? arch : (args[(offset - 16) / 8] ?? 0)
  }
  let accumulator = 0
  for (let pc = 0; pc < filter.length / 8; pc++) {
    const code = view.getUint16(pc * 8, true)
    const jt = view.getUint8(pc * 8 + 2)
    const jf = view.getUint8(pc * 8 + 3)
    const operand = view.getUint32(pc * 8 + 4, true)
    if (code === 0x20) accumulator = loaded(operand) >>> 0
    else if (code === 0x15) pc += accumulator === operand ? jt : jf
    else if (code === 0x35) pc += accumulator >= operand ? jt : jf
    else if (code === 0x45) pc += (accumulator & operand) !== 0 ? jt : jf
    else if (code === 0x06) return verdicts[operand] ?? `errno ${operand & 0xffff}`
    else throw new Error(`instruction ${code}`)
  }
  throw new Error('fell off the end')
}

const cases = [
  ['x64', 0xc000003e, 0],
  ['arm64', 0xc00000b7, 1],
] as const
test.each(cases)('%s: what is forbidden fails, what programs need goes through', (name, audit, column) => {
  const filter = seccompFilter(name)
  const isThere = (number: number): boolean => number >= 0
  for (const [call, numbers] of Object.entries({ ...forbidden, ...traces }).filter(([, all]) => isThere(all[column])))
    expect(`${call} ${judge(filter, audit, numbers[column])}`).toBe(`${call} errno 1`)
  const [clone, clone3, preadv2, socketpair, ioctl, flock, fcntl] = [
    [56, 220],
    [435, 435],
    [327, 286],
    [53, 199],
    [16, 29],
    [73, 32],
    [72, 25],
  ].map((n) => n[column]!) as [number, number, number, number, number, number, number]
  for (const nr of name === 'x64'
    ? [0, 1, 2, 9, 12, 59, 61, 202, 231, 257]
    : [56, 57, 63, 64, 98, 94, 214, 215, 221, 222])
    expect(judge(filter, audit, nr)).toBe('allow')
  expect(judge(filter, audit, clone, [0x3d0f00])).toBe('allow')
  for (const flag of [0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000])
    expect(judge(filter, audit, clone, [flag | 0x11])).toBe('errno 1')
  expect(judge(filter, audit, clone3)).toBe('errno 38')
  expect(judge(filter, audit, preadv2)).toBe('errno 38')
  // locks: pretended; asking for one and leases: refused; everything else of fcntl goes through
  expect(judge(filter, audit, flock)).toBe('errno 0')
  for (const command of [6, 7, 37, 38]) expect(judge(filter, audit, fcntl, [3, command])).toBe('errno 0')
  for (const command of [5, 36, 1024, 1025, 1026]) expect(judge(filter, audit, fcntl, [3, command])).toBe('errno 1')
  const open = seccompFilter(name, { tracesAllowed: true })
  for (const nr of [flock, fcntl, ...Object.values(traces).map((n) => n[column])].filter(isThere))
    expect(judge(open, audit, nr, [3, 6])).toBe('allow')
  expect(judge(open, audit, forbidden['ptrace']![column])).toBe('errno 1')
  for (const command of [0, 1, 2, 3, 4, 1030]) expect(judge(filter, audit, fcntl, [3, command])).toBe('allow')
  expect(judge(filter, audit, socketpair, [1])).toBe('allow')
  expect(judge(filter, audit, socketpair, [16])).toBe('errno 1')
  expect(judge(filter, audit, ioctl, [0, 0x5401])).toBe('allow')
  for (const request of [0x5412, 0x541c, 0x5423]) expect(judge(filter, audit, ioctl, [0, request])).toBe('errno 1')
  // newer calls, x86's second table, another processor's table
  expect(judge(filter, audit, 460)).toBe('errno 38')
  expect(judge(filter, audit, 0x40000000 + 41)).toBe('errno 38')
  expect(judge(filter, 0x40000003, 1)).toBe('kill')
  for (const numbers of Object.values(signals)) {
    expect(judge(filter, audit, numbers[column])).toBe('allow')
    expect(judge(seccompFilter(name, { noSignals: true }), audit, numbers[column])).toBe('errno 1')
  }
})

// By name, since the test above takes its list from the code: each of these is a way out of confinement on its own.
test.each([
  ['io_uring_setup', 425, 425],
  ['io_uring_enter', 426, 426],
  ['io_uring_register', 427, 427],
  ['socket', 41, 198],
  ['ptrace', 101, 117],
  ['process_vm_readv', 310, 270],
  ['process_vm_writev', 311, 271],
  ['bpf', 321, 280],
  ['keyctl', 250, 219],
  ['userfaultfd', 323, 282],
  ['perf_event_open', 298, 241],
  ['mount', 165, 40],
  ['unshare', 272, 97],
  ['setns', 308, 268],
  ['pivot_root', 155, 41],
  ['open_by_handle_at', 304, 265],
  ['memfd_create', 319, 279],
  ['shmget', 29, 194],
  ['msgget', 68, 186],
  ['mq_open', 240, 180],
  ['init_module', 175, 105],
  ['kexec_load', 246, 104],
] as const)('%s is refused on either processor', (_, ofX64, ofArm64) => {
  expect(judge(seccompFilter('x64'), 0xc000003e, ofX64)).toBe('errno 1')
  expect(judge(seccompFilter('arm64'), 0xc00000b7, ofArm64)).toBe('errno 1')
})
