/** What the image files of an input come to together, from their heads alone. */
import { type ImageHead, imageHead, NotAnImage, type Read } from './image-head.ts'

/** What an input of images comes to: one stack, several, or a folder of single pictures. */
export interface Inspection {
  kind: 'stack' | 'stacks' | 'folder'
  files: number
  frames: number
  width: number
  height: number
  bits: number
  samples: number
  /** What does not fit together, for a person. */
  warnings: string[]
}

/** Natural order: `frame2` comes before `frame10`. */
export const inOrder = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true })

/** Single pictures are looked at up to so many; the others are taken to be like them. */
const looked = 20
const mostWarnings = 20

function arrangementOf(first: ImageHead, files: number): Inspection['kind'] {
  if (files === 1) return 'stack'
  return first.frames === 1 ? 'folder' : 'stacks'
}

/** One sentence where a picture is not like the first. */
function differenceOf(path: string, head: ImageHead, first: ImageHead): string[] {
  if (head.width === first.width && head.height === first.height && head.bits === first.bits) return []
  const size = `${path} is ${head.width} × ${head.height} with ${head.bits} bits`
  return [`${size}, the first is ${first.width} × ${first.height} with ${first.bits}`]
}

/**
 * Looks at the files of an input, in natural order of their paths. Throws `NotAnImage` when there is none, or the first
 * is no picture; one that comes later and is none is a warning.
 */
export async function inspectImages(files: readonly { path: string; read: Read }[]): Promise<Inspection> {
  const all = [...files].sort((a, b) => inOrder(a.path, b.path))
  if (all.length === 0) throw new NotAnImage('There is no file')
  const first = await imageHead(all[0]!.read)
  const isStack = first.frames > 1
  // A folder of single pictures: some of it, with the last; stacks: each, as their lengths differ.
  const rest = all.slice(1)
  const others = isStack ? rest : rest.filter((_, i) => i < looked - 1 || i === rest.length - 1)
  const warnings: string[] = []
  let frames = isStack ? first.frames : all.length
  for (const { path, read } of others) {
    try {
      const head = await imageHead(read)
      if (isStack) frames += head.frames
      warnings.push(...differenceOf(path, head, first))
    } catch (e) {
      if (!(e instanceof NotAnImage)) throw e
      warnings.push(`${path}: ${e.message.charAt(0).toLowerCase()}${e.message.slice(1)}`)
    }
  }
  return {
    kind: arrangementOf(first, all.length),
    files: all.length,
    frames,
    width: first.width,
    height: first.height,
    bits: first.bits,
    samples: first.samples,
    warnings: warnings.slice(0, mostWarnings),
  }
}
