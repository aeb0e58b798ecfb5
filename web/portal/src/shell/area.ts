/** What an area of the portal tells the rest of it, once, in its own `area.tsx`. */
import type { ComponentType } from 'react'
import type { Study, useMay } from '../hooks.ts'
import type { Dataset } from '../queries/datasets.ts'

export type May = ReturnType<typeof useMay>

/** A page at an address; its code is loaded when it is first gone to. */
export interface PageRoute {
  path: string
  load: () => Promise<Record<string, unknown>>
  /** The name under which the loaded module exports the page. */
  exported: string
  /** Inside the shell (sign-in, rail, header), or on its own for anybody. */
  frame: 'shell' | 'none'
}
/** An address that leads on to another one. */
export interface OnwardRoute {
  path: string
  onwardTo: (params: Record<string, string>) => string
}

/** A page inside the shell. */
export const page = <Module extends object>(
  path: string,
  load: () => Promise<Module>,
  exported: keyof Module & string,
): PageRoute => ({ path, load: load as () => Promise<Record<string, unknown>>, exported, frame: 'shell' })

/** A page for everybody, without the shell. */
export const barePage = <Module extends object>(
  path: string,
  load: () => Promise<Module>,
  exported: keyof Module & string,
): PageRoute => ({ ...page(path, load, exported), frame: 'none' })

export const onward = (path: string, onwardTo: OnwardRoute['onwardTo']): OnwardRoute => ({ path, onwardTo })

/** An address that the command palette offers. */
export interface PaletteEntry {
  /** The heading it stands under: `Do`, `Go to`, or a kind of thing such as `Studies`. */
  group: string
  label: string
  to: string
  search?: Record<string, string>
  description?: string
  /** Its place in the group, lower first (100 without one); the order of the areas decides among equals. */
  order?: number
}

/** A tab that an area shows on a page of another one. */
export interface ContributedTab<Subject> {
  /** The last part of its address. */
  name: string
  label: string
  /** The tab that it stands behind; at the end without one. */
  after?: string
  shown: (may: May, subject: Subject) => boolean
  part: ComponentType<Subject>
}
export interface OfStudy {
  study: Study
}
export interface OfDataset {
  dataset: Dataset
}

export interface Area {
  /** As the folder is called. */
  name: string
  routes: readonly (PageRoute | OnwardRoute)[]
  /** Its entry or entries in the rail; renders nothing for a person who may not. */
  Rail?: ComponentType
  /** A hook: what the palette offers of it to whoever looks. */
  usePalette?: () => PaletteEntry[]
  studyTabs?: readonly ContributedTab<OfStudy>[]
  datasetTabs?: readonly ContributedTab<OfDataset>[]
}
