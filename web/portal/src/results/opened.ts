/**
 * Opened results live in this tab's memory and nowhere else: leaving the page keeps them, reloading or signing out
 * forgets them.
 */
import { useSyncExternalStore } from 'react'
import type { OpenedRun } from '../../../../clients/results/model.ts'
import { session } from '../session/session.ts'

export interface Opened {
  runs: readonly OpenedRun[]
  purpose: string
  at: Date
}

const held = new Map<string, Opened>()
const listeners = new Set<() => void>()
const tell = () => {
  for (const listener of listeners) listener()
}

session.subscribe(() => {
  if (session.get().phase === 'signed-out' && held.size > 0) {
    held.clear()
    tell()
  }
})

/** What was opened of a study in this tab. A run opened again replaces itself. */
export const openedRuns = {
  add(studyId: string, runs: readonly OpenedRun[], purpose: string): void {
    const fresh = new Set(runs.map((r) => r.row.runId))
    held.set(studyId, {
      runs: [...(held.get(studyId)?.runs ?? []).filter((r) => !fresh.has(r.row.runId)), ...runs],
      purpose,
      at: new Date(),
    })
    tell()
  },
  forget(studyId: string): void {
    held.delete(studyId)
    tell()
  },
}

export const useOpened = (studyId: string): Opened | undefined =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    () => held.get(studyId),
  )
