/**
 * Looks at a process and everything below it: memory and processes, as the kernel counts them. Linux only; elsewhere it
 * sees nothing.
 */
import { readFileSync, readdirSync, statSync } from 'node:fs'

export interface Usage {
  memoryMb: number
  threads: number
  processes: number[]
  /** User and system time of all of them and of what they waited for; 0 unless it was asked for. */
  cpuSeconds: number
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
const list = (path: string): string[] => {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

/** Everything below `pid`, itself included, in the order found. A process that ends meanwhile is not there. */
function family(pid: number): number[] {
  const found = [pid]
  for (let i = 0; i < found.length && found.length < 20_000; i++) {
    for (const task of list(`/proc/${found[i]}/task`))
      for (const child of read(`/proc/${found[i]}/task/${task}/children`).split(' '))
        if (child !== '') found.push(Number(child))
  }
  return found
}

/** The kernel's ticks a second, as /proc counts (USER_HZ): 100 on every Linux. */
const ticks = 100

/**
 * Whether a process is the first one of a run (inside/init.py). A confinement around it names it too, but far behind
 * its own arguments.
 */
export const isInit = (pid: number): boolean =>
  read(`/proc/${pid}/cmdline`)
    .split('\0')
    .slice(0, 6)
    .some((word) => word.endsWith('/init.py'))

/**
 * Memory that is its own (anonymous and shared, not the pages of files) and threads, summed over a process and its
 * descendants.
 */
export function usage(pid: number, withCpu = false): Usage {
  let kb = 0
  let threads = 0
  let cpu = 0
  const processes = family(pid)
  for (const process of processes) {
    const status = read(`/proc/${process}/status`)
    for (const match of status.matchAll(/^(RssAnon|RssShmem|Threads):\s+(\d+)/gm)) {
      if (match[1] === 'Threads') threads += Number(match[2])
      else kb += Number(match[2])
    }
    if (withCpu) {
      const stat = read(`/proc/${process}/stat`)
      for (const n of stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .slice(11, 15))
        cpu += Number(n)
    }
  }
  return { memoryMb: kb / 1024, threads, processes, cpuSeconds: cpu / ticks }
}

/**
 * Whether a process has ended and only its parent has not heard of it yet: it runs nothing and holds nothing. Its first
 * thread alone may have ended; then the others are still listed.
 */
function ended(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`)
  return /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2)) && list(`/proc/${pid}/task`).length <= 1
}

/** Processes of a user that run. */
export function processesOf(uid: number): number[] {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return statSync(`/proc/${pid}`).uid === uid && !ended(pid)
      } catch {
        return false
      }
    })
}
