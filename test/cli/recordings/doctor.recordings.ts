import { expressSessionApp } from '../doctor/apps/express-session.ts'
import type { Prepared, Recordings } from './recording.ts'

/** Starts an app with the options that express-session's tutorials show. */
async function faultyApp(): Promise<Prepared> {
  const site = await expressSessionApp({
    options: { resave: false, saveUninitialized: true },
    cookie: { sameSite: undefined, maxAge: undefined },
    keepsIdAtLogin: true,
  })
  return {
    env: { APP: site.url.slice(0, -1), FORM: 'password=p%26ss' },
    replace: [
      [/localhost:\d+/g, 'localhost:3000'],
      [/(?<=silverback-doctor-)[\da-f]{8}/g, '5f0c2b7e'],
    ],
    stop: () => site.close(),
  }
}

const recordings: Recordings = {
  page: {
    prepare: faultyApp,
    steps: ['npx silverback doctor $APP'],
  },
  'sign-in': {
    prepare: faultyApp,
    steps: [
      'npx silverback doctor $APP --login-url /login --form name=ann --form-env FORM \\\n    --whoami-url /account --logout-url /logout',
    ],
  },
}

export default recordings
