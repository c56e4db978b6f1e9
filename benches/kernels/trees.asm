; Heap: binary trees of records, left to the collector.
.shape node { depth: scalar, left, right: handle }
.export run

.func make(depth: i32) -> handle
  .local less: i32, tree, branch: handle
  record.new tree, node
  record.set tree, node, depth, depth
  br_unless depth, leaf
  i32.sub less, depth, 1
  call make(less) -> branch
  record.set_h tree, node, left, branch
  call make(less) -> branch
  record.set_h tree, node, right, branch
leaf:
  return tree
.end

.func sum(tree: handle) -> i32
  .local total, part: i32, branch: handle
  br.null tree, empty
  record.get total, tree, node.depth
  record.get_h branch, tree, node.left
  call sum(branch) -> part
  i32.add total, total, part
  record.get_h branch, tree, node.right
  call sum(branch) -> part
  i32.add total, total, part
  return total
empty:
  return 0
.end

.func run(times: i32) -> i32
  .local total, part: i32, tree: handle
  i32.const total, 0
again:
  loop
  call make(12) -> tree
  call sum(tree) -> part
  i32.add total, total, part
  i32.add times, times, -1
  br_if times, again
  return total
.end
