
/* ES5 only: browsers of domestic desktops lag. The page holds everything without this; it opens, filters and sorts. */
(function () {
  'use strict';
  var table = document.querySelector('.m');
  var root = document;

  function all(selector, within) {
    return Array.prototype.slice.call((within || root).querySelectorAll(selector));
  }
  /* The platforms, without the bodies of the tables that stand in their records. */
  function platforms() {
    return Array.prototype.slice.call(table.tBodies);
  }
  function expanded(element) {
    return element.getAttribute('aria-expanded') === 'true';
  }
  function toggle(element, name, on) {
    if (on) element.classList.add(name); else element.classList.remove(name);
  }
  /* Put what an element holds into a button of its own. */
  function buttonIn(element, action) {
    var button = root.createElement('button');
    button.type = 'button';
    while (element.firstChild) button.appendChild(element.firstChild);
    element.appendChild(button);
    button.addEventListener('click', action);
    return button;
  }

  if (table) setUp();

  function setUp() {
    var bodies = platforms();
    var form = root.querySelector('form');
    var output = root.querySelector('output');
    var openAll = root.getElementById('all');

    /* A cell opens its own record, the platform's name opens all: cells and records stand in the same order. */
    bodies.forEach(function (body) {
      var name = body.querySelector('th a');
      var records = all('dl', body);
      var cells = all('.c:not(.np)', body.rows[0]).map(function (cell, index) {
        return buttonIn(cell, function () { show(index, !expanded(cells[index])); });
      });
      function show(index, on) {
        cells[index].setAttribute('aria-expanded', on);
        toggle(records[index], 'on', on);
        var any = cells.some(expanded);
        toggle(body, 'on', any);
        name.setAttribute('aria-expanded', any);
      }
      body.open = function (on) {
        cells.forEach(function (cell, index) { show(index, on); });
      };
      name.setAttribute('role', 'button');
      name.setAttribute('aria-expanded', 'false');
      body.open(false);
      name.addEventListener('click', function (event) {
        event.preventDefault();
        body.open(!expanded(name));
      });
    });

    /* Arrows move over the names and cells, Space presses a name, Escape closes from anywhere in the row. */
    table.addEventListener('keydown', function (event) {
      var at = event.target, body = at, next;
      while (body && body.tagName !== 'TBODY') body = body.parentNode;
      if (!body) return;
      if (event.key === 'Escape') {
        body.open(false);
        body.querySelector('th a').focus();
        return;
      }
      var row = body.rows[0];
      if (!row.contains(at)) return;
      if (event.key === ' ' && at.tagName === 'A') {
        event.preventDefault();
        at.click();
        return;
      }
      var inRow = all('a,button', row), index = inRow.indexOf(at);
      if (event.key === 'ArrowRight') next = inRow[index + 1];
      if (event.key === 'ArrowLeft') next = inRow[index - 1];
      var step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (step) {
        var shown = platforms().filter(function (each) { return !each.hidden; });
        var column = at.parentNode.cellIndex, place = shown.indexOf(body);
        while (!next && shown[place += step]) next = shown[place].rows[0].cells[column].querySelector('a,button');
      }
      if (next) {
        event.preventDefault();
        next.focus();
      }
    });

    /* Within a group or, between groups and; a state keeps the platforms that have a stage in it. */
    function filter() {
      var wanted = {}, shown = 0;
      all('input:checked', form).forEach(function (input) {
        (wanted[input.name] = wanted[input.name] || []).push(input.value);
      });
      function has(group, value) {
        return !wanted[group] || wanted[group].indexOf(value) >= 0;
      }
      bodies.forEach(function (body) {
        var keep = has('a', body.getAttribute('data-a')) && has('o', body.getAttribute('data-o')) &&
          all('.c', body.rows[0]).some(function (cell) { return has('s', cell.getAttribute('data-k')); });
        body.hidden = !keep;
        if (keep) shown += 1;
      });
      output.textContent = output.getAttribute('data-text').replace('{shown}', shown);
    }
    form.addEventListener('change', filter);
    form.addEventListener('reset', function () { setTimeout(filter); });
    form.addEventListener('submit', function (event) { event.preventDefault(); });

    openAll.addEventListener('click', function () {
      var on = !expanded(openAll), text = openAll.textContent;
      openAll.setAttribute('aria-expanded', on);
      openAll.textContent = openAll.getAttribute('data-other');
      openAll.setAttribute('data-other', text);
      bodies.forEach(function (body) { body.open(on); });
    });

    /* Every column sorts: by its key where it has one, else by its text; equal ones by name. */
    var heads = all('thead th', table);
    heads.forEach(function (head) {
      buttonIn(head, function () {
        var up = head.getAttribute('aria-sort') !== 'ascending';
        heads.forEach(function (other) { other.removeAttribute('aria-sort'); });
        head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
        function key(body) {
          var cell = body.rows[0].cells[head.cellIndex];
          var number = cell.getAttribute('data-k');
          return number === null ? cell.textContent : +number;
        }
        bodies.sort(function (x, y) {
          var a = key(x), b = key(y);
          return (a < b ? -1 : a > b ? 1 : 0) * (up ? 1 : -1) || (x.id < y.id ? -1 : 1);
        }).forEach(function (body) { table.appendChild(body); });
      });
    });

    /* A link to a platform opens it, whatever is filtered. */
    function follow() {
      var id = location.hash.slice(1);
      try { id = decodeURIComponent(id); } catch (error) { /* a hash of someone else's making */ }
      var body = root.getElementById(id);
      if (body && body.open && body.tagName === 'TBODY') {
        body.hidden = false;
        body.open(true);
        body.scrollIntoView();
      }
    }
    window.addEventListener('hashchange', follow);
    follow();
  }

  /* Copy: the clipboard where the browser gives it (not on file: in older ones), else the old way. */
  all('kbd').forEach(function (line) {
    var command = line.textContent;
    var label = root.body.getAttribute('data-copy'), done = root.body.getAttribute('data-copied');
    var button = buttonIn(line.appendChild(root.createElement('span')), function () {
      function told() {
        button.textContent = done;
        setTimeout(function () { button.textContent = label; }, 1500);
      }
      function byHand() {
        var area = root.createElement('textarea');
        area.value = command;
        line.appendChild(area);
        area.select();
        root.execCommand('copy');
        line.removeChild(area);
        button.focus();
        told();
      }
      if (navigator.clipboard) navigator.clipboard.writeText(command).then(told, byHand); else byHand();
    });
    button.textContent = label;
  });
})();
