/** What the participant page and the assignment need of a configuration; it was checked when it was published. */
import type { z } from 'zod'
import type { Participation } from '../../contracts/runs.ts'
import type { Condition } from '../../domain/runs/assignment.ts'

type Shown = Omit<z.input<typeof Participation>['study'], 'title' | 'kind' | 'organisation'>

/** The kind of a checked configuration and its conditions; one without conditions has none. */
export function describe(c: Record<string, unknown>): { kind: 'timeline' | 'web'; conditions: Condition[] } {
  const declared = Array.isArray(c['conditions']) ? (c['conditions'] as { name: string; weight?: number }[]) : []
  return {
    kind: c['kind'] === 'web' ? 'web' : 'timeline',
    conditions: declared.map(({ name, weight }) => ({ name, weight: weight ?? 1 })),
  }
}

export function presentation(c: Record<string, unknown>): Shown {
  const { language, progress, requirements } = c as {
    language?: string
    progress?: boolean
    requirements?: { minimumWidth?: number; minimumHeight?: number; needs?: string[] }
  }
  const { minimumWidth, minimumHeight, needs = [] } = requirements ?? {}
  return {
    language: language ?? 'en',
    progress: progress === true,
    needs,
    minimumWidth,
    minimumHeight,
  }
}
