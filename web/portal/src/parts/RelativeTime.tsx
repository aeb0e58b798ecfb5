import { useEffect, useState } from 'react'

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

/** "3 minutes ago", "in 2 days"; under ten seconds it is "just now". */
function fromNow(at: string, now = Date.now()): string {
  const seconds = Math.round((new Date(at).getTime() - now) / 1000)
  const size = Math.abs(seconds)
  if (size < 10) return 'just now'
  const [unit, length] = units.find(([, l]) => size >= l) ?? units[units.length - 1]!
  return relative.format(Math.trunc(seconds / length), unit)
}
const exact = (at: string) => new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'long' })

/** A time as people say it, exact on hover; keeps itself up to date. */
export function RelativeTime({ at }: { at: string }) {
  const [, tick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 15_000)
    return () => clearInterval(timer)
  }, [])
  return (
    <time dateTime={at} title={exact(at)} className="nowrap">
      {fromNow(at)}
    </time>
  )
}
