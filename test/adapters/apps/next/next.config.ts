import { dirname } from 'node:path'
import type { NextConfig } from 'next'

const config: NextConfig = {
  turbopack: { root: dirname(import.meta.dirname) },
  typescript: { ignoreBuildErrors: true },
  experimental: { useCache: true },
}

export default config
