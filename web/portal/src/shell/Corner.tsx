import { Avatar, Button, Text, UnstyledButton } from '@mantine/core'
import { IconChevronDown } from '@tabler/icons-react'
import { lazy, Suspense, useState, type ComponentType, type ReactElement } from 'react'
import { useMe, useOrganisation } from '../hooks.ts'
import styles from './Corner.module.css'

const menus = () => import('./Menus.tsx')
const OrganisationMenu = lazy(() => menus().then((m) => ({ default: m.OrganisationMenu })))
const UserMenu = lazy(() => menus().then((m) => ({ default: m.UserMenu })))

/** A button whose menu is loaded when it is first wanted. */
function WithMenu({
  menu: Menu,
  button,
}: {
  menu: ComponentType<{ target: ReactElement }>
  button: (more: object) => ReactElement
}) {
  const [wanted, setWanted] = useState(false)
  const plain = button({
    onClick: () => setWanted(true),
    onPointerEnter: () => void menus(),
    'aria-haspopup': 'menu',
    'aria-expanded': false,
  })
  return wanted ? (
    <Suspense fallback={plain}>
      <Menu target={button({})} />
    </Suspense>
  ) : (
    plain
  )
}

/** Which organisation is being looked at; a menu only for people in several. */
export function OrganisationSwitch() {
  const me = useMe()
  const here = useOrganisation()
  if (!here) return null
  if (me.memberships.length === 1)
    return (
      <Text size="sm" c="dimmed" truncate className={styles.where}>
        {here.organisation}
      </Text>
    )
  return (
    <WithMenu
      menu={OrganisationMenu}
      button={(more) => (
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          rightSection={<IconChevronDown size={14} aria-hidden />}
          className={styles.where}
          {...more}
        >
          {here.organisation}
        </Button>
      )}
    />
  )
}

const initials = (name: string) =>
  name
    .split(/\s+/)
    .map((w) => w[0] ?? '')
    .slice(0, 2)
    .join('')
    .toUpperCase()

/** Who I am, with what belongs to me behind it. */
export function Account() {
  const me = useMe()
  const name = me.name || me.email
  return (
    <WithMenu
      menu={UserMenu}
      button={(more) => (
        <UnstyledButton aria-label={`${initials(name)}, account of ${name}`} {...more}>
          <Avatar size={32} color="accent" variant="filled">
            {initials(name)}
          </Avatar>
        </UnstyledButton>
      )}
    />
  )
}
