import { type MantineSpacing, Tabs } from '@mantine/core'
import type { ReactNode } from 'react'
import styles from './PageTabs.module.css'

/** The parts of a page as tabs; only the open one is there. */
export function PageTabs({
  tabs,
  open,
  choose,
  gap = 'lg',
  mt,
  mb,
  children,
}: {
  tabs: readonly { name: string; label: ReactNode }[]
  open: string
  choose: (name: string) => void
  /** Between the tabs and the open part. */
  gap?: MantineSpacing
  mt?: MantineSpacing
  mb?: MantineSpacing
  children: ReactNode
}) {
  return (
    <Tabs value={open} onChange={(name) => name && choose(name)} keepMounted={false} mt={mt} mb={mb}>
      <Tabs.List className={styles.tabs}>
        {tabs.map(({ name, label }) => (
          <Tabs.Tab key={name} value={name}>
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={open} pt={gap}>
        {children}
      </Tabs.Panel>
    </Tabs>
  )
}
