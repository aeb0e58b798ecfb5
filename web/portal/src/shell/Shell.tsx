import { AppShell, Burger, Center, Group, Loader, UnstyledButton, Text, Kbd } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { lazy, Suspense, useEffect } from 'react'
import { meQuery, useSession } from '../hooks.ts'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { session } from '../session/session.ts'
import { Account, OrganisationSwitch } from './Corner.tsx'
import { Landing } from './Landing.tsx'
import { Mark } from './Mark.tsx'
import { Notices } from './Notices.tsx'
import { Rail } from './Rail.tsx'
import { openPalette, usePaletteAsked } from './palette.ts'
import markStyles from './Mark.module.css'
import styles from './Shell.module.css'

/** Loaded when a session ends: most never do while somebody looks. */
const AgainLoaded = lazy(() => import('../session/Again.tsx').then((m) => ({ default: m.Again })))
function Again() {
  const { needs, dismissed } = useSession()
  return needs || dismissed ? (
    <Suspense>
      <AgainLoaded />
    </Suspense>
  ) : null
}
const Palette = lazy(() => import('./Palette.tsx').then((m) => ({ default: m.Palette })))

/** Around every page of the portal: who is here is found out first; strangers see what this is and how to sign in. */
export function Shell() {
  const { phase } = useSession()
  useEffect(() => {
    if (session.get().phase === 'starting') void session.start()
  }, [])
  if (phase === 'starting')
    return (
      <Center mih="100vh">
        <Loader size="sm" aria-label="Loading" />
      </Center>
    )
  if (phase === 'unreachable')
    return (
      <Center mih="100vh" p="md">
        <ProblemNotice
          error={new Error('The server does not answer. It may be starting; try again in a moment.')}
          title="Cloister cannot be reached"
          retry={() => void session.start()}
        />
      </Center>
    )
  return phase === 'signed-out' ? <Landing /> : <SignedIn />
}

function SignedIn() {
  const me = useQuery(meQuery)
  const asked = usePaletteAsked()
  const [open, { toggle, close }] = useDisclosure(false)
  const path = useRouterState({ select: (s) => s.location.pathname })
  useEffect(close, [path, close])
  // After moving to another page, a screen reader starts at its name.
  useEffect(() => {
    if (document.activeElement === document.body) document.getElementById('page-title')?.focus({ preventScroll: true })
  }, [path])
  if (me.error && !me.data)
    return (
      <>
        <Again />
        <Center mih="100vh" p="md">
          <ProblemNotice error={me.error} retry={() => void me.refetch()} />
        </Center>
      </>
    )
  if (!me.data)
    return (
      <>
        <Again />
        <Center mih="100vh">
          <Loader size="sm" aria-label="Loading" />
        </Center>
      </>
    )
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !open } }}
      padding={0}
      transitionDuration={0}
    >
      <a className={styles.skip} href="#main">
        Skip to the page
      </a>
      <AppShell.Header className={styles.top}>
        <Group h="100%" px="md" gap="sm" wrap="nowrap">
          <Burger
            opened={open}
            onClick={toggle}
            hiddenFrom="sm"
            size="sm"
            aria-label={open ? 'Close the menu' : 'Open the menu'}
          />
          <UnstyledButton component={Link} to="/" aria-label="Cloister, home" className={markStyles.brand}>
            <Mark />
            <Text component="span" fw={600} visibleFrom="xs">
              Cloister
            </Text>
          </UnstyledButton>
          <OrganisationSwitch />
          <div className="grow" />
          <UnstyledButton className={styles.find} onClick={() => openPalette()} aria-label="Search or do… Ctrl K">
            <IconSearch size={16} aria-hidden />
            <Text component="span" size="sm" visibleFrom="sm">
              Search or do…
            </Text>
            <Kbd visibleFrom="md" size="xs">
              Ctrl K
            </Kbd>
          </UnstyledButton>
          <Account />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className={styles.rail} aria-label="Areas">
        <Rail />
      </AppShell.Navbar>
      <AppShell.Main id="main">
        <Again />
        <Notices />
        <Outlet />
      </AppShell.Main>
      {asked > 0 && (
        <Suspense>
          <Palette asked={asked} />
        </Suspense>
      )}
    </AppShell>
  )
}
