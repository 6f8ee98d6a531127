module.exports = {
  transform: {
    '/node_modules/.+\\.js$': [
      'babel-jest',
      { plugins: ['@babel/plugin-transform-modules-commonjs'] },
    ],
    '\\.[jt]sx?$': 'babel-jest',
  },
  // The last two are for `inject` of Fastify.
  transformIgnorePatterns: [
    '/node_modules/(?!(\\.pnpm|silverback|devalue|@noble|light-my-request|cookie)/)',
  ],
}
