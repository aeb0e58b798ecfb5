/** What the participant page and the assignment need of a configuration; it was checked when it was published. */
import type { z } from 'zod'
import type { Participation } from '../../contracts/runs.ts'
import type { Condition } from '../../domain/runs/assignment.ts'

type Shown = Omit<z.input<typeof Participation>['study'], 'title' | 'kind' | 'organisation'>

/** The kind of a checked configuration and its conditions; one without conditions has none. */
export function describe(configuration: Record<string, unknown>): {
  kind: 'timeline' | 'web'
  conditions: Condition[]
} {
  const declared = Array.isArray(configuration['conditions'])
    ? (configuration['conditions'] as { name: string; weight?: number }[])
    : []
  return {
    kind: configuration['kind'] === 'web' ? 'web' : 'timeline',
    conditions: declared.map(({ name, weight }) => ({ name, weight: weight ?? 1 })),
  }
}

/** What the participant’s page shows around a study, out of its configuration. */
export function presentation(configuration: Record<string, unknown>): Shown {
  const { language, progress, requirements } = configuration as {
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
