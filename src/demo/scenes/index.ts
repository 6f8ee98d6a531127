/** The scenes, in the order in which the demo shows them. */

import type { Demo } from '../demo.ts'
import type { Scene } from '../scene.ts'
import { devices } from './devices.ts'
import { forgedForm } from './forged-form.ts'
import { forms } from './forms.ts'
import { keyRotation } from './key-rotation.ts'
import { race } from './race.ts'
import { signIn } from './sign-in.ts'
import { stores } from './stores.ts'
import { tampering } from './tampering.ts'
import { timeline } from './timeline.ts'

export function allScenes(demo: Demo): readonly Scene[] {
  return [
    signIn(demo),
    devices(demo),
    race(),
    tampering(),
    forms(),
    forgedForm(demo),
    keyRotation(),
    timeline(demo),
    stores(demo),
  ]
}
