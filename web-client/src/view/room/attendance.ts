/** Fetches the list of who was present and hands it to the browser as a file. */

/** Throws if the list cannot be had. `access` opens it; it never stands in an address. */
export async function saveAttendance(access: string, name: string): Promise<void> {
  const response = await fetch('/api/attendance', {
    headers: { authorization: `Bearer ${access}` },
    cache: 'no-store',
    credentials: 'omit',
  });
  if (!response.ok) throw new Error(String(response.status));
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken the file over by the next turn.
  setTimeout(() => URL.revokeObjectURL(address), 0);
}
