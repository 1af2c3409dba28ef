/** Something is wrong with the bytes of an artifact. Never leaves the package: `readArtifactInfo` makes `ARTIFACT_UNREADABLE` of it. */
export class BrokenArtifact extends Error {
  override readonly name = 'BrokenArtifact'
}
