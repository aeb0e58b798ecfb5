import type { ChildProcess } from 'node:child_process'

export interface KeeperTimes {
  lookMilliseconds: number
  silentMilliseconds: number
  firstPause: number
  longestPause: number
}

/**
 * Keeps what `start` starts (a child with a channel) running until it ends by itself or is told to: `over` hears its
 * exit code and signal then. Answers what passes a signal on.
 */
export function keep(
  start: () => ChildProcess,
  over: (code: number | null, signal: string | null) => void,
  say: (text: string) => void,
  times?: KeeperTimes,
): (signal: NodeJS.Signals) => void
