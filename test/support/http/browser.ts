/** A real browser. */

import { type Browser, chromium } from 'playwright-core'
import { findProgram } from '../services/programs.ts'

/** Chromium without a window and without anything to say to other machines. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: findProgram('chromium') as string,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
