import { useDeferredValue, useMemo, useState } from 'react'
import { textOf } from './log-buffer.ts'
import type { Shown } from './useLog.ts'

export interface LogSearch {
  /** As it is typed. */
  text: string
  type: (text: string) => void
  /** In small letters, as it was looked for. */
  wanted: string
  /** Lines that hold it, by their place. */
  hits: readonly number[]
  /** Which of the hits was gone to; -1 before any. */
  at: number
  /** Goes to the next hit or the one before, round and round; answers its line. */
  step: (by: 1 | -1) => number | undefined
}

export function useLogSearch(shown: Shown): LogSearch {
  const [text, setText] = useState('')
  const [at, setAt] = useState(-1)
  const wanted = useDeferredValue(text.trim().toLowerCase())
  const hits = useMemo(() => {
    if (wanted === '') return []
    return shown.lines.flatMap((line, index) => (textOf(line).toLowerCase().includes(wanted) ? [index] : []))
  }, [shown, wanted])
  const after = (by: 1 | -1): number => {
    if (at >= 0) return (at + by + hits.length) % hits.length
    return by === 1 ? 0 : hits.length - 1
  }
  return {
    text,
    type: (next) => {
      setText(next)
      setAt(-1)
    },
    wanted,
    hits,
    at,
    step: (by) => {
      if (hits.length === 0) return undefined
      const next = after(by)
      setAt(next)
      return hits[next]
    },
  }
}
