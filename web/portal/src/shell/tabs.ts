/** Tabs of a page: its own, and those that other areas register for it. */
import { type ComponentType, lazy } from 'react'
import type { ContributedTab, May } from './area.ts'

export interface Tab<Subject> {
  name: string
  label: string
  shown: boolean
  part: ComponentType<Subject>
}

/** A tab's content whose code is loaded when the tab is first opened. */
export const lazyPart = <Module, Subject extends object>(
  load: () => Promise<Module>,
  pick: (module: Module) => ComponentType<Subject>,
): ComponentType<Subject> => lazy(async () => ({ default: pick(await load()) }))

/** A page's own tabs, with each contributed one behind the tab that it names or at the end. */
export function withContributed<Subject>(
  own: readonly Tab<Subject>[],
  contributed: readonly ContributedTab<Subject>[],
  may: May,
  subject: Subject,
): Tab<Subject>[] {
  const tabs = [...own]
  for (const { name, label, after, shown, part } of contributed) {
    const neighbour = tabs.findIndex((tab) => tab.name === after)
    tabs.splice(neighbour < 0 ? tabs.length : neighbour + 1, 0, { name, label, shown: shown(may, subject), part })
  }
  return tabs
}
