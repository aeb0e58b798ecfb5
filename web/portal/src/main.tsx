import './mantine.css'
import './style.css'
import { MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { z } from 'zod'
import { queries } from './queries/client.ts'
import { areas } from './areas.ts'
import { router } from './router.tsx'
import { AreasContext } from './shell/areas-context.ts'
import { theme, variables } from './theme.ts'

// Compiled parsers need `eval`, which the content security policy forbids.
z.config({ jitless: true })

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <AreasContext value={areas}>
          <RouterProvider router={router} />
        </AreasContext>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
