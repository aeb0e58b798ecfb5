import { NavLink, Text } from '@mantine/core'
import type { Icon } from '@tabler/icons-react'
import { Link, useRouterState } from '@tanstack/react-router'
import shellStyles from './Shell.module.css'

/** One line of the rail, with the count that matters today. Without an icon it is indented under the one above. */
export function RailEntry({
  to,
  label,
  icon: EntryIcon,
  count,
  countMeans,
}: {
  to: string
  label: string
  icon?: Icon
  count?: number | undefined
  countMeans?: string
}) {
  const path = useRouterState({ select: (s) => s.location.pathname })
  const active = to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`)
  return (
    <NavLink
      component={Link}
      to={to}
      active={active}
      aria-current={active ? 'page' : undefined}
      label={label}
      leftSection={
        EntryIcon ? <EntryIcon size={18} stroke={1.6} aria-hidden /> : <span className={shellStyles.indent} />
      }
      rightSection={
        count ? (
          <Text component="span" size="xs" className={shellStyles.count} aria-label={`${count} ${countMeans}`}>
            {count}
          </Text>
        ) : undefined
      }
    />
  )
}
