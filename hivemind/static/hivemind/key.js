// The page of a new key: copies it, and makes sure that a reload asks for the tenant's page instead of sending the
// form again.
(() => {
  const page = document.getElementById("new-key");
  const text = document.getElementById("new-key-text");
  const word = document.getElementById("new-key-copied");
  history.replaceState(null, "", page.dataset.next);

  function select() {
    const range = document.createRange();
    range.selectNodeContents(text);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  }

  async function copy() {
    try {
      await navigator.clipboard.writeText(text.textContent);
      word.textContent = "Copied";
    } catch {
      select();
      word.textContent = "Selected: press Ctrl+C";
    }
  }

  document.getElementById("new-key-copy").addEventListener("click", copy);
})();
