/** What the participant page and the assignment need of a configuration. */
import type { z } from 'zod'
import type { Participation } from '../../contracts/runs.ts'
import type { Condition } from '../../domain/runs/assignment.ts'

type Shown = Omit<z.input<typeof Participation>['study'], 'title' | 'kind' | 'organisation'>
const words = (v: unknown): string[] => (Array.isArray(v) ? v.filter((w): w is string => typeof w === 'string') : [])

/** The kind of a checked configuration and its conditions; one without conditions has none. */
export function describe(c: Record<string, unknown>): { kind: 'timeline' | 'web'; conditions: Condition[] } {
  const declared = Array.isArray(c['conditions']) ? (c['conditions'] as { name: string; weight?: number }[]) : []
  return { kind: c['kind'] === 'web' ? 'web' : 'timeline', conditions: declared.map(({ name, weight }) => ({ name, weight: weight ?? 1 })) }
}

export function presentation(c: Record<string, unknown>): Shown {
  const { language, progress, minimumWidth, minimumHeight, needs } = c
  return {
    language: typeof language === 'string' ? language : 'en', progress: progress === true, needs: words(needs),
    ...(typeof minimumWidth === 'number' ? { minimumWidth } : {}), ...(typeof minimumHeight === 'number' ? { minimumHeight } : {}),
  }
}
