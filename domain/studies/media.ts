/** Files that a timeline shows or plays, for loading them before it starts. */
import type { TimelineConfiguration } from './configuration.ts'
import { Findings } from './configuration-errors.ts'
import { checkTimeline } from './configuration-timeline.ts'

export interface Media {
  images: string[]
  audio: string[]
  video: string[]
  other: string[]
}
const kinds: readonly [keyof Media, RegExp][] = [
  ['images', /\.(png|jpe?g|gif|webp|avif|svg|bmp|ico)$/i],
  ['audio', /\.(mp3|wav|ogg|oga|opus|m4a|aac|flac|weba)$/i],
  ['video', /\.(mp4|webm|ogv|mov|m4v)$/i],
]

/**
 * Every file the timeline names, as it names it, each once, by kind; over all conditions and rows. It is found by the
 * walk that checks the configuration.
 */
export function mediaOf(configuration: TimelineConfiguration): Media {
  const files = new Set<string>()
  checkTimeline(new Findings(), configuration.timeline, '', {
    levels: [],
    conditions: configuration.conditions ?? [],
    conditionsPath: '',
    assets: new Set(),
    files,
  })
  const media: Media = { images: [], audio: [], video: [], other: [] }
  for (const file of files) media[kinds.find(([, ending]) => ending.test(file))?.[0] ?? 'other'].push(file)
  return media
}
