/** Fetches a study's files before it starts, so that no trial waits for one. */
import type { Media } from '../../../domain/studies/media.ts'

const attempts = 4
const parallel = 6
const kept: HTMLImageElement[] = []

/**
 * Images are also decoded and kept, so that showing them later costs no time; everything else goes through the HTTP
 * cache (files of a version never change).
 */
async function load(file: string, image: boolean): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      if (!image) {
        const answer = await fetch(file)
        if (!answer.ok) throw new Error(String(answer.status))
        await answer.arrayBuffer()
        return
      }
      const picture = new Image()
      picture.src = file
      await picture.decode()
      kept.push(picture)
      return
    } catch {
      if (attempt === attempts)
        throw new Error('A part of the study could not be loaded. Check your connection and reload the page.')
      await new Promise((again) => setTimeout(again, 500 * 2 ** attempt))
    }
  }
}

/**
 * Loads everything, a few at a time, and reports after each file. Rejects with a sentence for the participant when a
 * file stays out of reach.
 */
export async function preload(media: Media, report: (done: number, total: number) => void): Promise<void> {
  const queue: (readonly [string, boolean])[] = [
    ...media.images.map((file) => [file, true] as const),
    ...[...media.audio, ...media.video, ...media.other].map((file) => [file, false] as const),
  ]
  const total = queue.length
  let done = 0
  report(done, total)
  await Promise.all(
    Array.from({ length: Math.min(parallel, total) }, async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        await load(next[0], next[1])
        report(++done, total)
      }
    }),
  )
}
